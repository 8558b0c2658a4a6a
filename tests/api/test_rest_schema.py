"""Whatever fits the OpenAPI document, and much that does not, gets an answer that the document describes."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings as bounds
from schemathesis.checks import not_a_server_error
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
    ("POST", "/api/v1/transactions"), ("POST", "/api/v1/cases"), ("GET", "/api/v1/cases"), ("GET", "/api/v1/cases/{reference}"),
    ("GET", "/api/v1/kpis/silence"),
)  # fmt: skip
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
    ignored_auth,
]
"""Not among them: that all that fits the schema is accepted, since a code of an office that does not exist fits it."""


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: " ".join(operation))
def test_answers_are_as_described(installation: Installation, operation: tuple[str, str]) -> None:
    api = Api()
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", api.app)
    described = {(one.ok().method.upper(), one.ok().path) for one in schema.get_all_operations()}
    assert described == set(OPERATIONS)
    method, path = operation

    @bounds(
        max_examples=15 if installation.is_sqlite else 10,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def each(case: schemathesis.Case) -> None:
        case.call_and_validate(headers={"Authorization": f"Bearer {api.keys[Scope.admin]}"}, checks=CHECKS)

    chosen = schema.include(path=path, method=method)
    for one in chosen.get_all_operations():
        for mode in schemathesis.GenerationMode:
            from hypothesis import given

            given(case=one.ok().as_strategy(generation_mode=mode))(each)()
