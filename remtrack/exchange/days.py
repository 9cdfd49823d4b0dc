"""
Which day a text names: ISO and a few strict forms of our own, dateutil for what is left.

Nothing is guessed and nothing asks the clock (`today` comes in). It is loaded by every `add`, so
dateutil is imported only for a date that is in none of our own forms.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

from .cell_error import CellError, quote

#: No scan was read before this year: an earlier one is a slip of the hand (0206 for 2026).
FIRST_YEAR = 1900

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH_NAMES = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_MONTH_NUMBER = {name: i for i, name in enumerate(_MONTH_NAMES, 1)}
_MONTH_NUMBER.update({name[:3]: i for i, name in enumerate(_MONTH_NAMES, 1)}, sept=9)
_WEEKDAY_NUMBER = {name.lower(): i for i, name in enumerate(_WEEKDAYS)}


def say_day(day: date) -> str:
    """Return the day in words, "Mon 2 Mar 2026", the same under every locale."""
    return f"{_WEEKDAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]} {day.year}"


def parse_day(text: str, *, today: date, date_order: str | None = None, relative: bool = True) -> date:
    """
    Return the day that `text` names; a guess is never made.

    Read: 2026-03-02, 20260302, 2026/3/2, 2 Mar 2026, March 2nd 2026, 02-MAR-2026, Mon 2 Mar 2026,
    a date with a time (the time is left out), and, when `relative`, today, yesterday, 3d (three
    days ago). 13/02/2026 has one reading, since no month is 13th; 01/02/2026 has two and is
    refused unless `date_order` is "dmy" or "mdy". What is left goes to dateutil, and is taken only
    when it names its month in letters and every default and order gives the same day.

    Raises CellError for anything else: a day that the calendar lacks, a part that is missing, a
    year of two digits, a size or a time, a day after `today` or before 1900.
    """
    text = text.strip()
    day = _iso(text) or _relative(text, today, relative) or _own_form(text, date_order) or _dateutil(text)
    if day is None:
        raise _not_a_day(text)
    if day > today:
        raise CellError(
            f"{quote(text)} lies in the future",
            f"{say_day(day)} is after today, {say_day(today)}",
            "give the day on which the scan was made",
        )
    if day.year < FIRST_YEAR:
        raise CellError(f"{quote(text)} is too long ago", f"it was read as {say_day(day)}", "check the year")
    return day


def _iso(text: str) -> date | None:
    if len(text) == 10 and text[4] == text[7] == "-":
        try:
            return date.fromisoformat(text)
        except ValueError:
            return None
    return None


def _relative(text: str, today: date, allowed: bool) -> date | None:
    word = text.lower()
    days_ago = {"today": 0, "yesterday": 1}.get(word)
    if days_ago is None and (match := re.fullmatch(r"([0-9]{1,5}) ?d(?: ago)?", word)):
        days_ago = int(match[1])
    if days_ago is None:
        return None
    if not allowed:
        raise CellError(
            f"{quote(text)} is not a day to keep in a file",
            "it means another day each time the file is read",
            f"write {today - timedelta(days=days_ago)}",
        )
    return today - timedelta(days=days_ago)


# One pattern a form; the names of the groups tell the parts apart. A time after the date is left out.
_TIME = r"(?:[T ] ?[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?: ?[AaPp][Mm])?(?: ?Z| ?[+-][0-9]{2}:?[0-9]{2})?)?"
_WEEKDAY = r"(?:(?P<weekday>[A-Za-z]{3,9})[.,]? +)?"
_FORMS = (
    r"(?P<y>[0-9]{4})(?P<s>[-/.])(?P<m>[0-9]{1,2})(?P=s)(?P<d>[0-9]{1,2})" + _TIME,
    r"(?P<y>[0-9]{4})(?P<m>[0-9]{2})(?P<d>[0-9]{2})",
    _WEEKDAY + r"(?P<d>[0-9]{1,2})(?:st|nd|rd|th|\.)?[ -]*(?P<month>[A-Za-z]{3,9})\.?,?[ -]*(?P<y>[0-9]{4})" + _TIME,
    _WEEKDAY + r"(?P<month>[A-Za-z]{3,9})\.? +(?P<d>[0-9]{1,2})(?:st|nd|rd|th)?,? +(?P<y>[0-9]{4})" + _TIME,
)
_TWO_ORDERS = r"(?P<a>[0-9]{1,2})(?P<s>[-/.])(?P<b>[0-9]{1,2})(?P=s)(?P<y>[0-9]{4})" + _TIME


def _own_form(text: str, date_order: str | None) -> date | None:
    for form in _FORMS:
        if match := re.fullmatch(form, text):
            part = match.groupdict()
            month = int(part["m"]) if part.get("m") else _MONTH_NUMBER.get(part["month"].lower())
            if month is None:
                return None
            return _checked_weekday(text, _calendar(text, int(part["y"]), month, int(part["d"])), part.get("weekday"))
    if match := re.fullmatch(_TWO_ORDERS, text):
        return _day_or_month_first(text, int(match["a"]), int(match["b"]), int(match["y"]), date_order)
    return None


def _calendar(text: str, year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise _no_such_day(text, year, month, day) from None


def _no_such_day(text: str, year: int, month: int, day: int) -> CellError:
    if not 1 <= month <= 12:
        why = f"there is no month {month}"
    elif not 1 <= year <= 9999:
        why = f"there is no year {year}"
    else:
        last = 31 if month == 12 else (date(year, month + 1, 1) - timedelta(days=1)).day
        why = f"{_MONTH_NAMES[month - 1].capitalize()} {year} has {last} days, there is no day {day}"
    return CellError(f"{quote(text)} is not a day of the calendar", why, "check the day and write it as YYYY-MM-DD")


def _checked_weekday(text: str, day: date, weekday: str | None) -> date:
    number = _WEEKDAY_NUMBER.get(weekday[:3].lower()) if weekday else None
    if weekday and number is None:
        raise _not_a_day(text)
    if number is not None and number != day.weekday():
        raise CellError(
            f"{quote(text)} contradicts itself", f"that day is {say_day(day)}", f"write {day} if that is meant"
        )
    return day


def _day_or_month_first(text: str, a: int, b: int, year: int, date_order: str | None) -> date:
    if date_order == "dmy":
        return _calendar(text, year, b, a)
    if date_order == "mdy":
        return _calendar(text, year, a, b)
    if a == b or (a > 12 >= b):
        return _calendar(text, year, b, a)
    if b > 12 >= a:
        return _calendar(text, year, a, b)
    if a > 12 and b > 12:
        raise _no_such_day(text, year, max(a, b), min(a, b))
    day_first, month_first = _calendar(text, year, b, a), _calendar(text, year, a, b)
    raise CellError(
        f"{quote(text)} can be two days",
        f"{say_day(day_first)} with the day first, {say_day(month_first)} with the month first",
        f"write {day_first} or {month_first}",
        # With points the day comes first wherever dates are written so; else a person has to say it.
        option=f"--date-order {'dmy' if '.' in text else 'ORDER'}",
    )


def _dateutil(text: str) -> date | None:
    """Return the day dateutil reads, None unless it is the same whatever is assumed for what the text leaves out."""
    words = [word.lower() for word in re.findall(r"[A-Za-z]+", text)]
    if len(text) > 60 or not text.isascii() or not any(word in _MONTH_NUMBER for word in words):
        return None
    if not re.search(r"(?<![0-9])[0-9]{4}(?![0-9])", text):
        return None
    from datetime import datetime

    from dateutil.parser import parse

    days = set()
    for default in (datetime(2000, 1, 1), datetime(2003, 12, 31)):  # noqa: DTZ001 - only their day is used
        for day_first in (False, True):
            try:
                found = parse(text, default=default, dayfirst=day_first, yearfirst=False, ignoretz=True)
            except (ValueError, OverflowError, TypeError, IndexError, AttributeError, ArithmeticError):
                return None
            days.add(found.date())
    if len(days) != 1:
        return None
    day = days.pop()
    # dateutil lets a wrong name of the day pass.
    for word in words:
        if word[:3] in _WEEKDAY_NUMBER and word not in _MONTH_NUMBER and "day".startswith(word[-3:]):
            _checked_weekday(text, day, word)
    return day


def _not_a_day(text: str) -> CellError:
    what, hint = f"{quote(text)} is not a day", "write it as YYYY-MM-DD, for example 2026-03-02"
    word = text.lower()
    if not text:
        return CellError("no date is given", "", hint)
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        year, month, day = (int(part) for part in text.split("-"))
        return _no_such_day(text, year, month, day)
    if re.fullmatch(r"[0-9]{5}(\.[0-9]+)?", text):
        return CellError(what, "it may be a spreadsheet's number of a day", "format the column as a date, or " + hint)
    if re.fullmatch(r"[0-9]{1,4}[-/.][0-9]{1,4}|[0-9]{4}|[a-z]{3,9}\.? [0-9]{4}", word) and _looks_partial(word):
        return CellError(what, "the day of the month is missing", hint)
    if re.fullmatch(r"[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?( ?[ap]m)?", word):
        return CellError(what, "it is a time", hint)
    if re.fullmatch(r"[0-9]{1,2}[-/. ]([0-9]{1,2}|[a-z]{3,9})[-/. ][0-9]{2}", word):
        return CellError(what, "the year has two digits", "write the year with four digits, as YYYY-MM-DD")
    if re.fullmatch(r"[-+]?[0-9]+([.,][0-9]+)? ?([x*×] ?[0-9]+([.,][0-9]+)? ?)?(mm|cm)?", word):
        return CellError(what, "it is a number: a size where a date belongs?", hint)
    return CellError(what, "no way of writing a day that has one meaning", hint)


def _looks_partial(word: str) -> bool:
    """Tell a year with a month (2026-01, Jan 2026, 2026) from a size (12.5)."""
    parts = re.split(r"[-/. ]+", word)
    return any(len(part) == 4 and part.isdigit() and part[:2] in ("19", "20") for part in parts)


def parse_day_number(text: str, *, day_zero: date, today: date) -> date:
    """
    Return day zero plus the whole number of days in `text` (negative: before it).

    Raises CellError when it is empty, not a whole number, or leads into the future.
    """
    text = text.strip()
    if not re.fullmatch(r"[+-]?[0-9]{1,6}(\.0+)?", text):
        what = f"{quote(text)} is not a number of days" if text else "no day is given"
        raise CellError(what, "study days are whole numbers, negative before day zero", "")
    try:
        day = day_zero + timedelta(days=int(text.split(".")[0]))
    except OverflowError:
        raise CellError(f"day {text} is out of range", f"counted from {say_day(day_zero)}", "") from None
    if day.year < FIRST_YEAR or day > today:
        raise CellError(
            f"day {text} lies in the future" if day > today else f"day {text} is too long ago",
            f"it is {say_day(day)}, counted from {say_day(day_zero)}",
            "check the day and day zero",
        )
    return day
