"""Whatever fits the OpenAPI document, and much that does not, gets an answer that the document describes."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as bounds
from schemathesis.checks import not_a_server_error
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from domain.access import Scope
from tests.api.test_rest import Api
from tests.conftest import Installation

OPERATIONS = (
    ("POST", "/api/v1/transactions"),
    ("POST", "/api/v1/cases"),
    ("GET", "/api/v1/cases"),
    ("GET", "/api/v1/cases/{reference}"),
    ("GET", "/api/v1/kpis/silence"),
    ("GET", "/api/v1/kpis/satisfaction"),
    ("GET", "/api/v1/kpis"),
    ("GET", "/api/v1/kpis/{name}"),
    ("POST", "/api/v1/exports"),
    ("GET", "/api/v1/exports"),
    ("GET", "/api/v1/exports/{export_id}"),
    ("GET", "/api/v1/exports/{export_id}/file"),
    ("POST", "/api/v1/export-plans"),
    ("GET", "/api/v1/export-plans"),
    ("DELETE", "/api/v1/export-plans/{plan_id}"),
)
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
    ignored_auth,
]
"""Not among them: that all that fits the schema is accepted, since a code of an office that does not exist fits it."""


def operations(schema: Any) -> list[Any]:
    """What the document describes; an operation it describes wrongly fails here."""
    found = [one.ok() for one in schema.get_all_operations()]
    assert None not in found
    return found


@pytest.mark.parametrize("operation", OPERATIONS, ids=" ".join)
def test_answers_are_as_described(installation: Installation, operation: tuple[str, str]) -> None:
    api = Api()
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", api.app)
    described = {(one.method.upper(), one.path) for one in operations(schema)}
    assert described == set(OPERATIONS)
    method, path = operation

    spread = bounds(
        max_examples=15 if installation.is_sqlite else 10,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )

    def each(case: Any) -> None:
        # a spoilt key is replaced by ours here, and a spoilt query may lose its fault on the way into a URL
        spoilt = case.meta.components.get(ParameterLocation.BODY)
        checks = [*CHECKS, negative_data_rejection] if spoilt is not None and spoilt.mode.is_negative else CHECKS
        case.call_and_validate(headers={"Authorization": f"Bearer {api.keys[Scope.admin]}"}, checks=checks)

    chosen = schema.include(path=path, method=method)
    for one in operations(chosen):
        for mode in schemathesis.GenerationMode:
            spread(given(case=one.as_strategy(generation_mode=mode))(each))()
