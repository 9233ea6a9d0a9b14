"""The sample city's command line.

Build once, then let days pass:

    python -m sample_city build --home city --database-url postgresql://... --people 20000 --seed 1
    python -m sample_city next-day --home city --database-url postgresql://... --json

Some departments have processes of their own:

    python -m sample_city serve civil_affairs --home city
"""

import argparse
import json
import sys
from dataclasses import asdict
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

from sample_city.build import CityReport, build, next_day
from sample_city.errors import CityError
from sample_city.serving import DEPARTMENTS, serve

CHINA = timezone(timedelta(hours=8))


def main(words: list[str]) -> int:
    """Run one command; 0 when it worked, 1 with cause and next step on stderr when not."""
    asked = _parser().parse_args(words)
    try:
        if asked.command == "serve":
            serve(asked.department, asked.home, asked.hub)
            return 0
        report = _run(asked)
    except CityError as error:
        sys.stderr.write(f"{error.zh}\n{error.en}\n")
        return 1
    sys.stdout.write((json.dumps(asdict(report), default=str) if asked.json else _readable(report)) + "\n")
    return 0


def _run(asked: argparse.Namespace) -> CityReport:
    if asked.command == "next-day":
        return next_day(asked.home, asked.database_url, asked.exchange_url)
    today = asked.day or datetime.now(CHINA).date()
    return build(asked.home, asked.database_url, asked.people, asked.seed, today, asked.exchange_url)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m sample_city", description="样例城市 / a synthetic city for the hub")
    commands = parser.add_subparsers(dest="command", required=True)
    building = commands.add_parser("build", help="新建样例城市 / build a city")
    passing = commands.add_parser("next-day", help="推进一天 / let one day pass")
    serving = commands.add_parser("serve", help="运行一个部门的服务 / run one department's own process")
    serving.add_argument("department", choices=DEPARTMENTS)
    serving.add_argument("--home", type=Path, required=True, help="文件夹 / folder of the city's files")
    serving.add_argument("--hub", help="枢纽地址 / the hub's address, for who pushes")
    for command in (building, passing):
        command.add_argument("--home", type=Path, required=True, help="文件夹 / folder of the city's files")
        command.add_argument("--database-url", required=True, help="人口库地址 / the residents' database")
        command.add_argument("--exchange-url", help="人社前置库地址 / human resources' exchange database")
        command.add_argument("--json", action="store_true", help="输出 JSON / print JSON")
    building.add_argument("--people", type=int, default=20_000, help="人口数 / number of people (%(default)s)")
    building.add_argument("--seed", type=int, default=1, help="随机种子 / seed (%(default)s)")
    building.add_argument("--day", type=date.fromisoformat, help="首日 YYYY-MM-DD / first day (today)")
    return parser


def _readable(report: CityReport) -> str:
    done = "已就绪 ready" if report.built else "未改动 unchanged"
    defects = "".join(f"\n  {kind}: {count}" for kind, count in sorted(report.defects.items()))
    return (
        f"{done}: {report.people} 人 people, {report.companies} 家企业 companies, "
        f"{report.day} (seed {report.seed}){defects}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
