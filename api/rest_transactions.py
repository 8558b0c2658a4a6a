"""`POST /api/v1/transactions`: completed services, from agencies' systems."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal, NotRequired
from uuid import UUID

from fastapi import APIRouter, Response
from msgspec import Struct
from msgspec.json import encode
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    WrapValidator,
    with_config,
)
from typing_extensions import TypedDict

from api.keys import Holder
from api.problems import documented
from api.quick_batch import Batch, QuickRoute
from api.rest_shared import EARLIEST, LATEST, Now, Writer
from core.database import database
from core.errors import BadInput
from core.texts import clean
from domain.catalogue import Catalogue, catalogue
from surveys import transactions
from surveys.checking import TransactionIn
from surveys.transactions import BATCH, Accepted

router = APIRouter(route_class=QuickRoute)


def _sane(value: datetime) -> datetime:
    if not EARLIEST < value.year < LATEST:
        raise ValueError(f"the year must be between {EARLIEST} and {LATEST}")
    return value


@with_config(ConfigDict(extra="forbid"))
class TransactionBody(TypedDict):
    """One completed service."""

    external_id: Annotated[
        str,
        Field(
            min_length=1,
            max_length=200,
            pattern=r"\S",
            description="Your own id of it; posted again, it counts once.",
        ),
    ]
    office: Annotated[str, Field(min_length=1, max_length=32, description="Code of the office that served.")]
    service: Annotated[str, Field(min_length=1, max_length=64, description="Code of the service.")]
    completed_at: Annotated[
        AwareDatetime,
        AfterValidator(_sane),
        Field(description="When the service was completed, with a time zone."),
    ]
    phone: NotRequired[
        Annotated[
            str | None,
            Field(
                max_length=40,
                description="The citizen's number, in any usual form; without a usable one nobody is asked.",
            ),
        ]
    ]
    email: NotRequired[
        Annotated[
            str | None,
            Field(
                max_length=320,
                description="The citizen's e-mail address; asked there where the phone takes no messages.",
            ),
        ]
    ]
    language: NotRequired[
        Annotated[str | None, Field(max_length=35, description="The citizen's language, such as sq.")]
    ]
    operator: NotRequired[
        Annotated[str | None, Field(max_length=200, description="Who served, as your system knows them.")]
    ]
    expires_on: NotRequired[
        Annotated[
            date | None,
            Field(
                description="Last day of what was issued, such as 2036-03-01; the citizen is told before it is over."
            ),
        ]
    ]


class TransactionBatch(BaseModel):
    """Up to 10,000 of them; all are stored or none."""

    model_config = ConfigDict(extra="forbid")

    transactions: list[TransactionBody] = Field(min_length=1, description=f"At most {BATCH:,}; more are a 413.")


def _shape(body: Any) -> str:
    return (
        "batch" if isinstance(body, TransactionBatch) or (isinstance(body, dict) and "transactions" in body) else "one"
    )


OneOrMany = Annotated[
    Annotated[TransactionBody, Tag("one")] | Annotated[TransactionBatch, Tag("batch")],
    Discriminator(_shape),
    WrapValidator(lambda body, check: body if isinstance(body, Batch) else check(body)),
]


class TransactionResult(BaseModel):
    """What became of one. A duplicate that `differs` was posted before with other data, which stays as it was."""

    external_id: str
    id: UUID
    state: Literal["created", "duplicate"]
    differs: bool
    survey: transactions.Survey = Field(description="Of a large batch pending: its citizens are looked up after it.")
    why: str | None = Field(description="Why nobody is asked: no_number, unusable_number, opted_out, asked_lately …")


class TransactionResults(BaseModel):
    """One result for each transaction, in the order they came."""

    created: int
    duplicates: int
    transactions: list[TransactionResult]


def _check_reach(known: Catalogue, holder: Holder, items: Sequence[TransactionIn]) -> None:
    """Raise BadInput where a key that is for some offices reports a service of another."""
    if holder.viewer.offices is None:
        return
    mine = {code for code, office in known.office_by_code.items() if office.id in holder.viewer.offices}
    wrong = {
        f"transactions/{index}/office": f"This key does not report for {clean(item.office, 40)}."
        for index, item in enumerate(items)
        if (code := item.office.strip().upper()) in known.office_by_code and code not in mine
    }
    if wrong:
        raise BadInput(next(iter(wrong.values())), mend="Ask an administrator for a key of that office.", fields=wrong)


@router.post(
    "/transactions",
    status_code=201,
    response_model=TransactionResults,
    summary="Report completed services",
    responses={
        200: {"model": TransactionResults, "description": "All of them were known already"},
        **documented(400, 401, 403, 413, 422, 503),
    },
)
def post_transactions(body: OneOrMany, holder: Writer, now: Now) -> Response:
    """Each leads to at most one survey, sent by day after the set delay. Send a batch again whenever you are unsure
    whether it arrived: what is known already is reported as duplicate."""
    single = False
    if isinstance(body, Batch):
        items = body.transactions
    elif isinstance(body, TransactionBatch):
        items = [TransactionIn(**one) for one in body.transactions]
    else:
        single, items = True, [TransactionIn(**body)]
    try:
        with database().write() as session:
            _check_reach(catalogue(session), holder, items)
            return transactions.accept_and(_answer, session, holder.name, items, now)
    except BadInput as error:
        if single:
            error.fields = {name.removeprefix("transactions/0/"): said for name, said in error.fields.items()}
        raise


def _answer(found: list[Accepted]) -> Response:
    created = sum(one.state == "created" for one in found)
    answer = encode(_Results(created, len(found) - created, found))
    return Response(answer, 201 if created else 200, media_type="application/json")


class _Results(Struct, gc=False):
    """`TransactionResults` in the making: models of 10,000 lines take longer than storing them."""

    created: int
    duplicates: int
    transactions: list[Accepted]
