"""Sentences people type into a CRM, and the values that break careless readers: tables only."""

from __future__ import annotations

REMARKS = (
    "Met at the trade fair; wants a quote for twelve probes before the season starts.",
    "Prefers e-mail. Out of office every Friday.",
    "Budget approved, procurement is slow. Follow up with the plant manager.",
    "Existing sensors drift after three months, asked about calibration.",
    "Competes with an in-house solution; the lab team is on our side.",
    "Zahlungsziel 60 Tage, Rahmenvertrag läuft bis Jahresende.",
    "Souhaite une démonstration en français, si possible sur site.",
    "Renewal is tied to the satellite gateway working in the northern valleys.",
    "水質センサーの見積もりを希望。導入は来年度の予定。",
    "Line one of the call note.\nLine two: send the data sheet.\nLine three: call back on Monday.",
    'Copied from an e-mail:\r\n> We would like to "pause" for a quarter.\r\nRegards,\r\nthe lab',
)

HOSTILE_TEXTS = (
    'She said "twelve, not ten"; he said \'fine\'.',
    "C:\\sensors\\new\\table.csv and a trailing backslash \\",
    "tab\there, comma, semicolon; pipe | and caret ^ and backtick `",
    '=HYPERLINK("http://example.com","click")',
    "+1+1", "-2+3", "@SUM(A1:A9)",
    "line feed\nthen carriage return and line feed\r\nthen the end",
    "NA", "N/A", "null", "NULL", "None", "NaN", "nil", "#N/A", "true", "0", "1e5", "00042",
    "<b>Tom & Jerry</b> <script>alert('x')</script> &amp; &quot;",
    "'; DROP TABLE Account; --",
    "%_\\%\\_ 100% _under_ * ?",
    "{\"json\": [1, 2, {\"deep\": null}]}",
    "@{refAccount.id} ${shell} {{ jinja }} %(python)s",
    "https://example.com/?q=a+b&c=%20%C3%BC#fragment",
    "مرحبا بالعالم (right to left) then left again",
    "שלום, עולם",
    "東京都千代田区丸の内、一丁目。全角スペース\u3000あり",
    "emoji: \N{WATER WAVE}\N{DROPLET}\N{ROCKET} family: \N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}",
    "flag: \N{REGIONAL INDICATOR SYMBOL LETTER D}\N{REGIONAL INDICATOR SYMBOL LETTER K}",
    "decomposed e\N{COMBINING ACUTE ACCENT} beside composed \N{LATIN SMALL LETTER E WITH ACUTE}",
    "no-break\N{NO-BREAK SPACE}space, zero\N{ZERO WIDTH SPACE}width, line\N{LINE SEPARATOR}separator",
    "Ünïcødé Straße İstanbul ŁÓDŹ ﬁligree ½ € ™",
    "0017000000abcdeAAA looks like an id",
    "2026-02-30T25:61:61.000Z looks like a date",
)  # fmt: skip
"""What CSV, JSON, SOQL, spreadsheets and type guessing each trip over."""

HOSTILE_NAMES = (
    'O\'Malley "Quoted" \\ Backslash & Co',
    "=1+1 Holdings",
    "Comma, Inc., Semicolon; Ltd",
    "株式会社さくら水研",
    "شركة النخيل للمياه",
    "\N{DROPLET} Drop & Søns A/S",
    "NULL Logistics", "None", "N/A", "NA", "null",
    "Łódzkie Wodociągi Sp. z o.o.",
    "<b>Bold</b> & Sons",
    "%wild_card%",
    "001000000000000AAA",
    "@{refAccount.id}",
    ("Association of Extraordinarily Long-Named Water Boards, Drains and Reservoir Trusts " * 4)[:255],
)  # fmt: skip
"""Account names nobody wants and everybody has."""

COMPETITORS = (
    "Aquametrica (fictional)",
    "Puddlewise",
    "H2Know",
    "Deep & Blue Instruments",
    "In-house solution",
)
STRENGTHS = ("Price", "Local service team", "Longer battery life", "Incumbent since 2019", None)
WEAKNESSES = ("No API", "Drift after 90 days", "Slow delivery, 14 weeks", "No satellite option", None)

TASK_SUBJECTS = (
    "Call",
    "Email",
    "Send Quote",
    "Send Letter",
    "Other",
    "Follow up on trial",
    "Check calibration data",
)
EVENT_SUBJECTS = (
    "Meeting",
    "Call",
    "Demo: Larkfield Cloud",
    "Site visit",
    "Quarterly review",
    "Send Letter/Quote",
)
CALL_RESULTS = (
    "Left voicemail",
    "Spoke, wants quote",
    "Wrong number",
    "Not interested",
    "Call back next week",
)
NEXT_STEPS = ("Send quote", "Book demo", "Legal review", "Site survey", "Chase signature", None)

CASE_SUBJECTS = (
    "Probe reads 14.0 pH in tap water", "Gateway offline since the storm",
    "Cannot export CSV: \"Error 0x80\"",
    "Invoice shows the wrong address", "Calibration kit arrived empty", "API returns 500 on /readings?from=",
    "Battery drained in two days", "Feature request: Fahrenheit", "Alarm at 3 a.m., no water in tank",
    "Passwort vergessen", "データが表示されない",
)  # fmt: skip
CASE_COMMENTS = (
    "Asked for the serial number and a photo of the label.",
    "Customer rebooted the gateway; still offline.",
    "Reproduced here with firmware 4.2.1, escalated to engineering.",
    "Replacement shipped, tracking number LF-555-0199.",
    "Fixed in firmware 4.2.2.\r\nAsked to update.",
    'Customer confirms "works now".',
)
SOLUTIONS = (
    ("Reset a gateway", "Hold the button for ten seconds until the light turns amber, then release."),
    (
        "Calibrate a pH cartridge",
        "Rinse. Dip in buffer 7, wait for a stable reading; then buffer 4; then rinse again.",
    ),
    ("Export readings as CSV", "Choose Readings, Export. Use a semicolon as separator for German Excel."),
    ("Why readings drift", "Biofilm. Clean the membrane monthly with a soft brush; never with bleach."),
    ("Change the alarm threshold", "Settings > Alarms. The new threshold applies from the next reading."),
    (
        "Update the firmware",
        'Put the file firmware.bin on a FAT32 card, insert, restart. "UPD" blinks for a minute.',
    ),
)

CAMPAIGNS = (
    ("Clean Water Conference", "Conference"), ("Spring Webinar: Drift and Calibration", "Webinar"),
    ("Lake Buoy Launch", "Email"), ("Water Utility Roadshow", "Trade Show"), ("Partner Day", "Partners"),
    ("Refer a Neighbour", "Referral Program"), ("Direct Mail \"Free Probe\"", "Direct Mail"),
    ("Search Ads, 100% intent", "Advertisement"), ("Wasser Berlin (Messe)", "Trade Show"),
    ("Win-back calls", "Telemarketing"),
)  # fmt: skip

TAG_WORDS = (
    "priority", "renewal-risk", "pilot", "reference customer", "Außendienst", "needs, quote", "to_check",
    "Q4 push", "水", "vip \N{WHITE MEDIUM STAR}",
)  # fmt: skip
NOTE_TITLES = (
    "Call summary",
    "Site notes",
    "Pricing agreed",
    "Do not forget",
    "Memo: O'Shea's concerns",
    "要点",
)

DOCUMENTS = (
    ("Probe S1 data sheet", "text/plain", "txt", "Range 0-14 pH. Accuracy 0.02. Depth 30 m.\n"),
    ("Price list", "text/csv", "csv", 'code,name,price\r\nLK-S1,"Clearwater Probe S1",480.00\r\n'),
    ("Logo", "image/svg+xml", "svg", "<svg xmlns='http://www.w3.org/2000/svg'><circle r='9'/></svg>"),
    (
        "Terms and conditions",
        "text/html",
        "html",
        "<h1>Terms</h1><p>Payment within 30 days. §1 Größe zählt.</p>",
    ),
    ("Readings sample", "application/json", "json", '{"probe":"S1","ph":7.02,"note":null}'),
    ("Empty placeholder", "application/octet-stream", "bin", ""),
)
DASHBOARDS = (
    "Sales pipeline",
    "Support backlog",
    "Marketing funnel",
    "Board view",
    "Renewals (next 90 days)",
)
