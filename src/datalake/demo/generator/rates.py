"""How often each quirk of huron-feeds.md section 3 happens. All rates are guesses; that is why they are settings."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rates:
    """Shares of the rows; the number in brackets is the quirk's in section 3."""

    # what a record is like, all its life
    smart_quotes: float = 0.02  # (7)
    embedded_newline: float = 0.01  # (1)
    embedded_return: float = 0.002  # (1) a bare CR, or CR LF, in a text
    embedded_quotes: float = 0.005  # (5)
    embedded_delimiter: float = 0.02  # (4) inside quotes: harmless
    entities: float = 0.01  # (8) HTML entities and pasted Word text
    cut_text: float = 0.001  # (30) a text of exactly 4,000 characters
    unknown_state: float = 0.005  # (22)
    unknown_sponsor: float = 0.003  # (22) a name that the map of sponsors does not know
    orphan: float = 0.005  # (29) a reference to a record of no file
    approved_early: float = 0.002  # (27)
    many_values: float = 0.03  # (15)
    json_list: float = 0.003  # (15) ["NIH", "NSF"]
    empty_item: float = 0.002  # (15) "NIH; ; NSF"
    year_typo: float = 0.0005  # (12)
    without_seconds: float = 0.01  # (12) a stamp to the minute
    without_time: float = 0.01  # (13) a business date where a stamp should be: midnight
    evergreen: float = 0.03  # a word where a date would stand, for an agreement that has no end
    shell: float = 0.01  # (32) blank but for the required columns
    code_alone: float = 0.01  # (31) a code without its description
    dash_state: float = 0.002  # (7) an en dash in a state
    # how a cell is written, its meaning unchanged
    iso_day: float = 0.03  # (12)
    day_as_number: float = 0.01  # (11) 20251030.0
    day_with_midnight: float = 0.01  # (12) 10/30/2025 12:00:00 AM
    iso_moment: float = 0.02  # (12)
    utc_moment: float = 0.005  # (12) ISO with Z
    iso_fraction: float = 0.005  # (12) ISO with parts of a second and Z
    money_dressed: float = 0.02  # (14) $1,234.50 and (500.00)
    ten_decimals: float = 0.01  # (14)
    percent_sign: float = 0.01  # (14) 65%
    thousands: float = 0.01  # (14) 1,200 or 87.0 in a whole number
    zeros_lost: float = 0.01  # (9)
    spaces_around: float = 0.005
    name_turned: float = 0.01  # (28) First Last, stray dots
    # rows that are bad
    missing_required: float = 0.0002
    bad_day: float = 0.0002
    bad_number: float = 0.0002
    bad_moment: float = 0.0002
    bad_flag: float = 0.0001
    power_of_ten: float = 0.0001  # (10) 5.03E+02
    wrong_id: float = 0.0002
    extra_cell: float = 0.0001  # (4) a title with a delimiter and no quotes
    short_row: float = 0.0001
    stray_quote: float = 0.00005
    nul_byte: float = 0.00002
    # repeats and rows that are no records
    identical_repeat: float = 0.003  # (16)
    differing_repeat: float = 0.001  # (17)
    repeated_header: float = 0.0001  # (23)
    # a bound, for files so small that chance alone could carry them over a feed's limit
    bad_rows_at_most: float = 1.0  # share of the rows


_NONE = dict.fromkeys(Rates.__annotations__, 0.0)
CLEAN = Rates(**{**_NONE, "bad_rows_at_most": 1.0})
USUAL = Rates()
BAD = (
    "missing_required",
    "bad_day",
    "bad_number",
    "bad_moment",
    "bad_flag",
    "power_of_ten",
    "wrong_id",
    "extra_cell",
    "short_row",
    "stray_quote",
    "nul_byte",
)
DEMO = Rates(**{name: getattr(USUAL, name) * 4 for name in BAD}, bad_rows_at_most=0.006)
