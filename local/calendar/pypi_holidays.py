"""Prints what the PyPI package `holidays` says of Kazakhstan and Kyrgyzstan: days off on weekdays, weekends worked. Arguments: first and last year."""

import datetime
import json
import sys

import holidays

first, last = int(sys.argv[1]), int(sys.argv[2])
countries = {}
for country in ("KZ", "KG"):
    countries[country] = {}
    for year in range(first, last + 1):
        table = getattr(holidays, country)(years=year, language="en_US")
        off, worked = {}, []
        day = datetime.date(year, 1, 1)
        while day.year == year:
            working = table.is_working_day(day)
            if day.weekday() < 5 and not working:
                off[day.isoformat()] = table.get(day)
            if day.weekday() > 4 and working:
                worked.append(day.isoformat())
            day += datetime.timedelta(days=1)
        countries[country][str(year)] = {"off": off, "worked": worked}
print(
    json.dumps(
        {
            "package": "holidays",
            "version": holidays.__version__,
            "madeBy": "npm run calendar -- compare --refresh",
            "countries": countries,
        },
        ensure_ascii=False,
        indent=2,
    )
)
