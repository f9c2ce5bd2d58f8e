"""The words the seeded organisation is made of. Every address ends in `.example`, which belongs to nobody."""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST = _words(
    "Ada Grace Alan Edsger Margaret Barbara Donald Frances Ken Radia Tim Katherine Dennis Shafi Leslie Jean John "
    "Anita Niklaus Adele Robin Karen Tony Lynn Vint Mary Maurice Sophie Guido Ruth Bjarne Evelyn Linus Hedy Claude "
    "Joan Peter Erna Kristen Mavis Gordon Ida Joseph Betty Marian Lotfi Irina Akira Noor Wei Priya Tunde Sofia "
    "Mateo Yuki Omar"
)
LAST = _words(
    "Lovelace Hopper Turing Dijkstra Hamilton Liskov Knuth Allen Thompson Perlman Lee Johnson Ritchie Goldwasser "
    "Lamport Bartik McCarthy Borg Wirth Goldberg Milner Jones Hoare Conway Cerf Jackson Wilkes Wilson Rossum "
    "Teitelbaum Nygaard Boyd Torvalds Lamarr Shannon Clarke Landin Hoover Spaerck Batey Moore Rhodes Weizenbaum "
    "Holberton Rejewski Zadeh"
)
TITLES = (
    "CTO",
    "VP Sales",
    "VP",
    "Head of Operations",
    "Account Executive",
    "Software Engineer",
    "CFO",
    "Director, Marketing",
    "Procurement Manager",
    "Chief Scientist",
)
COMPANIES = _words("Analytical Difference Lambda Compiler Kernel Packet Tensor Vector Cobalt Meridian Harbor Juniper")
KINDS = _words("Engines Works Systems Logistics Foods Robotics Partners Press Textiles Labs")
INDUSTRIES = ("Manufacturing", "Software", "Finance", "Health Care", "Retail", "Education")
CITIES = (
    ("Seattle", "Washington", "USA", "America/Los_Angeles"),
    ("London", "England", "UK", "Europe/London"),
    ("Berlin", "Berlin", "Germany", "Europe/Berlin"),
    ("Austin", "Texas", "USA", "America/Chicago"),
    ("New York", "New York", "USA", "America/New_York"),
    ("Tokyo", "Tokyo", "Japan", "Asia/Tokyo"),
)
TAGS = ("Interested", "2017 Expo", "Enterprise", "Newsletter", "Partner")
SUBJECTS = ("Hello {{first_name}}", "Following up", "One question", "Your plans, and ours", "Closing the loop")
SEQUENCES = ("Welcome", "Trial follow-up", "Expo leads", "Renewal", "Win back", "Inbound", "Outbound Q1", "Partners")
# Read from a live organisation: id, name, outcome.
DISPOSITIONS = (
    (1, "Answered - Meeting Set", "completed"),
    (3, "Answered - Not Interested", "completed"),
    (5, "Answered - Wrong Contact", "completed"),
    (6, "No Answer", "no_answer"),
    (7, "Left Voicemail", "no_answer"),
    (9, "Bad Number", "no_answer"),
)
STAGES = (
    (1, "New", "#4986e7"),
    (2, "Working", "#16a765"),
    (5, "Do Not Contact", "#dc2127"),
    (7, "Interested", "#def3d1"),
    (8, "Not Interested", "#ffe1de"),
)
EVENTS = ("prospect_created", "message_opened", "message_clicked", "sequence_state_created", "call_created")
