#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
# _openmetrics.py openmetrics|prometheus: reads that format on standard input
# with the parsers of Prometheus' client for Python, and prints each family: name,
# type, unit, number of samples. Status 1 if they refuse it.
import sys

from prometheus_client import parser
from prometheus_client.openmetrics import parser as openmetrics

PARSERS = {
    "openmetrics": openmetrics.text_string_to_metric_families,
    "prometheus": parser.text_string_to_metric_families,
}

try:
    for family in PARSERS[sys.argv[1]](sys.stdin.read()):
        print(family.name, family.type, family.unit or "-", len(family.samples))
except ValueError as error:
    sys.exit(f"refused: {error}")
