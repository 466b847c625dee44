"""Made-up people, departments and titles. Nobody and nothing here exists; addresses are example.edu."""

from itertools import product

_words = str.split

_FRONT = _words(
    "Quill Vanter Brindle Oster Marl Thist Fenna Caldo Wyver Lorim Drava Pelli Zanth Hobble Sorrel Kestri Umbri Nettle "
    "Jorv Tamsel Ockle Yarrow Grendl Ibbin Rusk Ambert Corvel Dunwic Ettle Farro"
)
_BACK = _words("moor sley cove vale wick hart low ander stow mere by nook croft dell field gate ham ley pole worth")
SURNAMES = (
    *(front + back for front, back in product(_FRONT, _BACK)),
    "O'Brindle",
    "D'Osterra",
    "Vantersley-Marl",
    "van der Quill",
    "Nuñandel",
    "Thörnwick",
    "Célandre",
    "Null",
)
GIVEN = _words(
    "Synthia Testa Sampla Mocka Exa Demos Proto Fictia Placo Dummi Specim Imagi Notreal Examplo Pretend Stubbe Fabrica "
    "Figmenta Simul Madeup"
)
INITIALS = "ABCDEFGHJKLMNPRSTVWZ"

# code with leading zeros, name, school
DEPARTMENTS = (
    ("0031010", "Imaginary Brain Sciences", "CAS"),
    ("0031020", "Applied Cloud Studies", "CAS"),
    ("0031035", "Rivers, Tides & Moss", "CAS"),
    ("0042100", "Bioinvention", "ENG"),
    ("0042110", "Paper Bridges", "ENG"),
    ("0042150", "Very Small Machines", "ENG"),
    ("0055001", "Community Lullabies", "SPH"),
    ("0055020", "Epidemiology of Rumors", "SPH"),
    ("0061300", "Family Medicine (Model)", "MED"),
    ("0061310", "Pretend Cardiology", "MED"),
    ("0061325", 'Sleep "Lab" Medicine', "MED"),
    ("0070040", "Choral Economics", "QST"),
    ("0083000", "Education, Play and Chalk", "WHE"),
)

ADJECTIVES = _words(
    "Randomized Longitudinal Pilot Comparative Adaptive Community-based Observational Exploratory Multi-site Blinded "
    "Retrospective Prospective Cross-sectional Feasibility"
)
SUBJECTS = (
    "sleep and memory",
    "walking speed",
    "lantern light exposure",
    "synthetic tea",
    "school garden programs",
    "river fog",
    "mock-turtle nutrition",
    "weekend effects",
    "remote coaching",
    "pretend vaccines",
    "music in waiting rooms",
    "low-salt biscuits",
    "wearable thimbles",
    "quiet hours",
    "early reading",
    "shared bicycles",
)
GROUPS = (
    "lighthouse keepers",
    "night-shift bakers",
    "first-year students",
    "adults over 65",
    "retired ferry crews",
    "model patients",
    "volunteer gardeners",
    "new parents",
    "paper engineers",
    "amateur choirs",
    "zebrafish",
    "school-age children",
)
SENTENCES = (
    "The aim is to learn whether the approach can be carried out at all.",
    "Participants are invented and meet nobody.",
    "We compare two ways of doing the same thing, one of them slower.",
    "Measurements are taken at baseline, 6 weeks & 12 weeks.",
    "The primary outcome is a number between 0 and 100; higher is better.",
    "No record of this study describes a real person.",
    "Data are kept in a locked drawer (drawn on paper).",
    "Secondary outcomes are listed in the appendix, see section 4.2.",
    "Consent is documented, witnessed and filed.",
    "Analyses follow the plan; deviations are reported.",
)

# name as written, identifier with leading zeros, type
SPONSORS = (
    ("National Institutes of Health", "000340", "Federal"),
    ("NIH", "000340", "Federal"),
    ("NIH/NCI", "000341", "Federal"),
    ("National Science Foundation", "000350", "Federal"),
    ("NSF", "000350", "Federal"),
    ("Dept. of Energy", "000361", "Federal"),
    ("Commonwealth of Examplia", "001200", "State"),
    ("Acme Biologics, Inc.", "004410", "Industry"),
    ("Figment Devices LLC", "004425", "Industry"),
    ("The Lantern Foundation", "006100", "Foundation"),
    ("Association for Pretend Research", "006120", "Nonprofit"),
    ("Fundación Ejemplo", "007300", "Foreign"),
    ("University Internal Funds", "009000", "Internal"),
)
