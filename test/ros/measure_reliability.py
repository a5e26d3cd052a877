# Copyright 2026 The mocap23 authors
# SPDX-License-Identifier: Apache-2.0
"""Measures load and endurance of the node and writes the tables of docs/RELIABILITY.md. No test.

    python test/ros/measure_reliability.py [--only load soak day] [--tables]

load takes four minutes, soak an hour and a half, day an hour or more. Figures go to
docs/results/reliability.json; --tables measures nothing and writes the tables from there.
"""

import argparse
import json
from pathlib import Path

from mocap23_ros.atomic_files import replacing
from mocap23_ros.evaluation.machine_description import commit_line, hardware_line, present_load
from mocap23_ros.markdown import markdown_table

DOCS = Path(__file__).parents[2] / 'docs'
FIGURES, PAGE = DOCS / 'results' / 'reliability.json', DOCS / 'RELIABILITY.md'
RUNS = {'load': ('measure_load', ''), 'soak': ('soak', '--minutes 90 --people 3 --stay 2'),
        'day': ('soak', '--simulated-hours 24 --rate 1')}


def measured(script, options, commit):
    """What a script says, and of which commit and machine."""
    load = present_load(print)[0]
    columns, rows, summary = __import__(script).main(options.split())
    return {'command': f'python test/ros/{script}.py {options}'.strip(), 'commit': commit,
            'machine': f'{hardware_line()}; load before {load}', 'summary': summary,
            'columns': list(columns), 'rows': [list(map(str, row)) for row in rows]}


def block(figures):
    """Lines of the page."""
    table = '\n'.join(markdown_table(figures['columns'], figures['rows']))
    return (f'`{figures["command"]}`, commit {figures["commit"]}, {figures["machine"]}:\n\n{table}'
            f'\n\n{figures["summary"]}').rstrip()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--only', nargs='+', choices=RUNS, default=list(RUNS))
    parser.add_argument('--tables', action='store_true', help='measure nothing')
    arguments = parser.parse_args()
    commit = commit_line()  # the files that are written change the checkout
    figures = json.loads(FIGURES.read_text(encoding='utf-8'))
    for name in [] if arguments.tables else arguments.only:
        figures[name] = measured(*RUNS[name], commit)
        with replacing(FIGURES) as path:
            path.write_text(json.dumps(figures, indent=1) + '\n', encoding='utf-8')
    page = PAGE.read_text(encoding='utf-8')
    for name, measurement in figures.items():
        before, begin, rest = page.partition(f'<!-- {name} -->\n')
        _, end, after = rest.partition(f'\n<!-- end of {name} -->')
        page = before + begin + block(measurement) + end + after
    with replacing(PAGE) as path:
        path.write_text(page, encoding='utf-8')


if __name__ == '__main__':
    main()
