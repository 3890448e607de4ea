"""The words the demo company is made of: tables only. All names are invented."""

from __future__ import annotations

from typing import NamedTuple


class Place(NamedTuple):
    """Where a company or a person is: the parts of a Salesforce address."""

    street: str
    city: str
    state: str | None
    postal_code: str
    country: str
    latitude: float
    longitude: float
    area_code: str
    region: str


PLACES = (
    Place("{n} Harbour Street", "Boston", "MA", "02110", "United States", 42.3601, -71.0589, "617", "AMER"),
    Place(
        "{n} Mission Street",
        "San Francisco",
        "CA",
        "94105",
        "United States",
        37.7749,
        -122.4194,
        "415",
        "AMER",
    ),
    Place("{n} Wacker Drive", "Chicago", "IL", "60606", "United States", 41.8781, -87.6298, "312", "AMER"),
    Place("{n} Congress Avenue", "Austin", "TX", "78701", "United States", 30.2672, -97.7431, "512", "AMER"),
    Place(
        "{n} Rue Sainte-Catherine", "Montréal", "QC", "H3B 1A7", "Canada", 45.5019, -73.5674, "514", "AMER"
    ),
    Place(
        "Avenida Paulista, {n}", "São Paulo", "SP", "01310-100", "Brazil", -23.5505, -46.6333, "11", "LATAM"
    ),
    Place("Calle Mayor {n}", "Bogotá", None, "110111", "Colombia", 4.711, -74.0721, "601", "LATAM"),
    Place("{n} Quay Lane", "Bristol", None, "BS1 4QA", "United Kingdom", 51.4545, -2.5879, "117", "EMEA"),
    Place("Königsallee {n}", "Düsseldorf", "NRW", "40212", "Germany", 51.2277, 6.7735, "211", "EMEA"),
    Place("{n} rue de l'Église", "Lyon", None, "69002", "France", 45.764, 4.8357, "472", "EMEA"),
    Place("Ørestads Boulevard {n}", "København", None, "2300", "Denmark", 55.6761, 12.5683, "45", "EMEA"),
    Place("ul. Długa {n}", "Łódź", None, "90-001", "Poland", 51.7592, 19.456, "42", "EMEA"),
    Place("{n} Marina Road", "Lagos", "Lagos", "101241", "Nigeria", 6.5244, 3.3792, "201", "EMEA"),
    Place("شارع النخيل {n}", "دبي", None, "00000", "United Arab Emirates", 25.2048, 55.2708, "4", "EMEA"),
    Place("丸の内{n}丁目", "東京", "東京都", "100-0005", "Japan", 35.6762, 139.6503, "3", "APAC"),
    Place("{n} Collins Street", "Melbourne", "VIC", "3000", "Australia", -37.8136, 144.9631, "395", "APAC"),
    Place("{n} Brigade Road", "Bengaluru", "Karnataka", "560001", "India", 12.9716, 77.5946, "80", "APAC"),
)

FIRST_NAMES = (
    "Adaeze", "Aiko", "Alba", "Anders", "Anjali", "Béatrice", "Bram", "Camila", "Chidi", "Clémence",
    "Dagny", "Darius", "Delphine", "Eamon", "Elif", "Emeka", "Fatima", "Fionn", "Freya", "Gökhan",
    "Grażyna", "Hamza", "Henrike", "Ines", "Isadora", "Jarek", "Jolanda", "Kaito", "Katarzyna", "Lars",
    "Leïla", "Lupe", "Maeve", "Mateus", "Mirjam", "Nadia", "Niamh", "Noor", "Oluwaseun", "Oskar",
    "Priya", "Quentin", "Rashida", "Rémy", "Rosalind", "Sanjay", "Saoirse", "Sigrid", "Søren", "Tadeo",
    "Tamsin", "Tomás", "Ursula", "Valeria", "Wanjiru", "Xiomara", "Yara", "Yusuf", "Zofia", "Žiga",
)  # fmt: skip
LAST_NAMES = (
    "Abernethy", "Adeyemi", "Almqvist", "Bhattacharya", "Blackwood", "Borkowski", "Brandvold", "Calloway",
    "Castellanos", "D'Arcy", "Delacroix", "Dragomir", "Echeverría", "Eze", "Fairweather", "Fjeldstad",
    "Gallagher", "Grünwald", "Haddad", "Hargreave", "Hollingbourne", "Ivanova", "Jägerström", "Kapoor",
    "Kowalczyk", "Lindqvist", "Llewellyn", "MacAuslan", "Marchetti", "Mbeki-Stone", "Müller-Lüdenscheidt",
    "Nakagawa", "Nørgaard", "O'Brannigan", "O'Shea", "Okonkwo", "Oyelaran", "Papadakis", "Peñaranda",
    "Quist", "Ramanathan", "Rosenkranz", "Saint-Clair", "Şahin", "Silverthorne", "Tanabe", "Thistlewood",
    "Ueda", "Van der Berg", "Vasquez", "Wainwright", "Whitlock", "Ximénez", "Yamaguchi", "Zielińska",
)  # fmt: skip
TITLES = (
    "Chief Executive Officer", "Chief Financial Officer", "Head of Operations", "Plant Manager",
    "Procurement Lead", "Laboratory Director", "VP Engineering", "Environmental Officer",
    "Maintenance Supervisor", "Data Engineer", "Quality Manager", "Geschäftsführerin", "Responsable qualité",
)  # fmt: skip
DEPARTMENTS = ("Operations", "Finance", "Engineering", "Laboratory", "Procurement", "Compliance", "R&D")

COMPANY_STEMS = (
    "Quillmoor", "Ashby Vale", "Northwick", "Tarnfield", "Copperline", "Hollowbrook", "Silverdale",
    "Brackenridge", "Oakhaven", "Fernmoss", "Greywater", "Kestrel Point", "Larkspur", "Millrace",
    "Nightjar", "Osprey Hill",
    "Pinecrest", "Redstart", "Saltmarsh", "Thornbury", "Umberland", "Velwood", "Westerleigh", "Yarrow Bend",
    "Zephyrine", "Bluecairn", "Cinderford", "Dunmere", "Elmhollow", "Foxglove", "Gannet Bay", "Heronsgate",
)  # fmt: skip
COMPANY_KINDS = {
    "Agriculture": ("Farms", "Growers Cooperative", "Agrar GmbH"),
    "Biotechnology": ("Biosciences", "Genetics", "Life Sciences Inc."),
    "Chemicals": ("Chemicals", "Reagents Ltd", "Chemie AG"),
    "Education": ("University", "Institute of Technology", "Academy"),
    "Energy": ("Power", "Hydro", "Energie S.A."),
    "Environmental": ("Environmental Services", "Remediation", "Water Trust"),
    "Food & Beverage": ("Brewing Company", "Dairy", "Foods & Sons"),
    "Government": ("County Council", "Port Authority", "Water District"),
    "Healthcare": ("Health", "Clinics", "Diagnostics"),
    "Manufacturing": ("Manufacturing", "Precision Works", "Fabrikker A/S"),
    "Technology": ("Software", "Systems", "Analytics, Inc."),
    "Utilities": ("Water Utility", "Waterworks", "Acqua S.p.A."),
}

PRODUCTS = (
    ("LK-S1", "Clearwater Probe S1", "Sensors", 480.0),
    ("LK-S2", "Clearwater Probe S2, titanium", "Sensors", 920.0),
    ("LK-S3", "Clearwater Probe S3 (deep well)", "Sensors", 1840.0),
    ("LK-PH", "pH cartridge, pack of 10", "Consumables", 149.5),
    ("LK-CL", "Chlorine reagent 5 l", "Consumables", 64.25),
    ("LK-CAL", "Calibration kit", "Consumables", 210.0),
    ("LK-GW4", "Gateway 4G", "Gateways", 650.0),
    ("LK-GWS", "Gateway Satellite", "Gateways", 2890.0),
    ("LK-SOL", 'Solar mast 2.5 m (8" pole)', "Accessories", 399.0),
    ("LK-BUOY", "Lake buoy", "Accessories", 1250.0),
    ("LK-CBL", "Cable, per metre", "Accessories", 3.75),
    ("LK-CLD-S", "Larkfield Cloud Starter, yearly", "Subscriptions", 1200.0),
    ("LK-CLD-P", "Larkfield Cloud Professional, yearly", "Subscriptions", 6000.0),
    ("LK-CLD-E", "Larkfield Cloud Enterprise, yearly", "Subscriptions", 36000.0),
    ("LK-API", "API access, yearly", "Subscriptions", 4800.0),
    ("LK-ALRT", "Alerting by text message", "Subscriptions", 360.0),
    ("LK-INST", "Installation, per day", "Services", 1100.0),
    ("LK-TRN", "Training, per seat", "Services", 420.0),
    ("LK-AUD", "Water audit", "Services", 7500.0),
    ("LK-SLA", "Four-hour response SLA", "Services", 9600.0),
)

STAFF = (
    ("Maren", "Lark", "Chief Executive Officer", "CEO", None),
    ("Tobias", "Fenn", "VP Sales", "VPSales", "CEO"),
    ("Ngozi", "Achterberg", "VP Customer Success", "VPSuccess", "CEO"),
    ("Ottoline", "Brightwell", "VP Marketing", "VPMarketing", "CEO"),
    ("Rafael", "Quintão", "Sales Manager Americas", "SalesAMER", "VPSales"),
    ("Hanneke", "de Wit", "Sales Manager EMEA", "SalesEMEA", "VPSales"),
    ("Kenji", "Morioka", "Sales Manager APAC", "SalesAPAC", "VPSales"),
    ("Bridget", "O'Carroll", "Account Executive", "SalesEMEA", "VPSales"),
    ("Çağla", "Demirtaş", "Account Executive", "SalesEMEA", "VPSales"),
    ("Dwight", "Applegarth", "Account Executive", "SalesAMER", "VPSales"),
    ("Lucía", "Montenegro", "Account Executive", "SalesAMER", "VPSales"),
    ("Mei", "Tsukuda", "Account Executive", "SalesAPAC", "VPSales"),
    ("Ravi", "Subramani", "Account Executive", "SalesAPAC", "VPSales"),
    ("Gwendolyn", "Pryce", "Sales Development", "SalesEMEA", "VPSales"),
    ("Jonah", "Whitcombe", "Sales Development", "SalesAMER", "VPSales"),
    ("Ilse", "Vandermolen", "Campaign Manager", "VPMarketing", "CEO"),
    ("Abdoulaye", "Sarr", "Support Engineer", "Support", "VPSuccess"),
    ("Petra", "Novotná", "Support Engineer", "Support", "VPSuccess"),
    ("Finlay", "Strachan", "Support Engineer", "Support", "VPSuccess"),
    ("Yevgenia", "Ostrow", "Customer Success Manager", "VPSuccess", "CEO"),
    ("Pipeline", "Integration", "Integration user", "CEO", "CEO"),
    ("Caspian", "Rowe", "Account Executive (left)", "SalesAMER", "VPSales"),
    ("Odile", "Garnier", "Support Engineer (left)", "Support", "VPSuccess"),
)

ROLES = (
    ("VPSales", "VP Sales", "CEO"),
    ("VPSuccess", "VP Customer Success", "CEO"),
    ("VPMarketing", "VP Marketing", "CEO"),
    ("SalesAMER", "Sales Americas", "VPSales"),
    ("SalesEMEA", "Sales EMEA", "VPSales"),
    ("SalesAPAC", "Sales APAC", "VPSales"),
    ("Support", "Support", "VPSuccess"),
)
