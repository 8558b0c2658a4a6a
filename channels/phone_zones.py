"""Where on the clock a phone is, as far as its number tells."""

from phonenumbers import NumberParseException, parse


def zone_of(number: str, usual: str) -> str:
    """IANA zone of a number in E.164; `usual` where that is one of its country's, or where the number does not tell."""
    from phonenumbers.timezone import time_zones_for_number  # 2 MB of prefixes that few processes need

    try:
        zones = time_zones_for_number(parse(number))
    except NumberParseException:
        return usual
    return zones[0] if len(zones) == 1 and "/" in zones[0] and usual not in zones else usual
