"""Twilio's error codes as our failures. Source: Twilio's error and warning dictionary (twilio.com/docs/api/errors)."""

from channels.errors import Failure

_CODES: dict[Failure, tuple[int, ...]] = {
    Failure.opted_out: (21610,),
    # no such number; not a mobile; a type of number without SMS; unknown to WhatsApp
    Failure.invalid_address: (21211, 21214, 21217, 21401, 21407, 21601, 21604, 21614, 21421, 63003, 63024),
    # no route; phone off; number not in use; landline; unknown; missing segment; congested; expired; not delivered
    Failure.unreachable: (21612, 30003, 30005, 30006, 30008, 30009, 30017, 30036, 30453),
    Failure.blocked: (30004, 63033),
    Failure.too_long: (21605, 21617, 30019),
    # no words; carrier's filter; sender not registered with the carriers; too dear; WhatsApp's policy
    Failure.content_refused: (21602, 21619, 30007, 30010, 30033, 30034, 63013, 63049),
    Failure.window_closed: (63016,),
    Failure.rate_limited: (14107, 20429, 21611, 30001, 30022, 30023, 63018),
    Failure.provider_down: (20500, 20503, 30500),
    Failure.outcome_unknown: (20504, 30410),
    # wrong key or account, suspended or locked
    Failure.credentials: (20003, 20005, 20404, 20426, 30002, 63051),
    # no such sender, region not switched on, trial account, sender not ours
    Failure.not_configured: (21212, 21408, 21603, 21606, 21608, 21659, 21660, 21661, 21701, 21703, 63007),
}
_FAILURES = {code: failure for failure, codes in _CODES.items() for code in codes}


def send_failure(status: int, code: int | None) -> Failure:
    """What an error answer to a send means. `status` is HTTP's, `code` Twilio's own where the body had one."""
    if status in (502, 504):  # a gateway lost the answer: the message may be on its way
        return Failure.outcome_unknown
    if code in _FAILURES:
        return _FAILURES[code]
    if status in (401, 403, 404):
        return Failure.credentials
    if status == 429:
        return Failure.rate_limited
    if status >= 500:
        return Failure.provider_down
    return Failure.content_refused


def receipt_failure(code: int | None) -> Failure:
    """What the error code of a failed delivery means; an unknown or missing one is `unreachable`."""
    return _FAILURES.get(code, Failure.unreachable) if code is not None else Failure.unreachable
