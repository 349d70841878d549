"""A PDF from a report: ``python -m esapr.server.reports.typeset``.

Runs in a process of its own, with little memory and little time, because setting type is work that
a gateway has no time for, and the text holds what people have said and named themselves. The sheet
comes as JSON on standard input, the PDF goes to standard output: PDF/UA-1 (ISO 14289-1), which is
tagged and has a text for what is drawn.
"""

import resource
import sys
from pathlib import Path

TEMPLATE = Path(__file__).parent / "report.typ"

MEMORY_BYTES = 2 * 1024 * 1024 * 1024
CPU_SECONDS = 30
"""What the process may take; past it, it ends."""


def main() -> None:
    """Print the sheet on standard input."""
    import typst

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sheet = sys.stdin.buffer.read().decode()
    pdf = typst.compile(
        str(TEMPLATE),
        root=str(TEMPLATE.parent),
        sys_inputs={"sheet": sheet},
        pdf_standards="ua-1",
    )
    sys.stdout.buffer.write(pdf)


if __name__ == "__main__":
    main()
