import platform
from pathlib import Path
from string import Template

from tabular_lines import rows

text = Path(__file__).with_name("templates").joinpath("report.txt").read_text()
print(Template(text).substitute(machine=platform.machine(), rows=rows([("a", 1), ("b", 22)])))
