"""Where on the clock a phone is, as far as its number tells."""

from phonenumbers import NumberParseException, parse


def zone_of(number: str, usual: str) -> str:
    """IANA zone of a number in E.164; `usual` where that is one of its country's, or where the number does not tell."""
    from phonenumbers import timezone  # 2 MB of prefixes that few processes need

    try:
        zones = timezone.time_zones_for_number(parse(number))
    except NumberParseException:
        return usual
    if len(zones) != 1 or zones[0] == timezone.UNKNOWN_TIMEZONE or "/" not in zones[0]:
        return usual
    return zones[0]
