"""Routing against a database and a model folder."""

from datetime import UTC, datetime

from domain.catalogue import catalogue
from routing import service
from tests.builders import told
from tests.conftest import Installation
from tests.routing.world import sees, velmora

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)


def test_without_a_model_it_goes_to_triage_and_says_so(installation: Installation) -> None:
    with installation.database.write() as session:
        world = velmora()
        for row in world.offices.values():
            session.add(row)
            session.flush()
        session.add_all([*world.services.values()])
        session.flush()
        session.add_all(world.lines)
    with installation.database.read() as session:
        known = catalogue(session)
        with told(session.get_bind()) as said:
            unsure = service.route(session, text="no water in Lumas", now=NOW)
            assert known.offices[unsure.office_id].code == "TRI"
            assert unsure.reason == "No model is trained yet; a person decides."
            picked = service.route(session, text="no water in Lumas", service="water", now=NOW)
            assert known.offices[picked.office_id].code == "WAT1"
            sure = service.route(session, text="no water in Lumas", prediction=sees("water"), now=NOW)
        assert not said  # the catalogue is fresh: no query
    assert service.suggestions_json(known, sure) == [
        {
            "service": "water",
            "service_name": "Water supply",
            "office": "WAT1",
            "office_name": "Water, District 1",
            "probability": 0.97,
        }
    ]
    rule = service.rule_of(known, picked.rule_id)
    assert rule is not None
    assert service.told(known, picked) == {"rule": str(rule.id), "rule_said": "Water supply in Lumas → WAT1"}
    assert service.told(known, unsure) == {}
