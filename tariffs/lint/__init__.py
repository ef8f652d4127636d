"""What looks wrong in a tariff before it is published: each finding with its rule, its place and its remedy.

    for finding in tariffs.lint(document, time_zone="Europe/Amsterdam"):
        finding.id, finding.severity, finding.path, finding.message, finding.remedy, finding.example

`rules` is the table of all rules; `finding` what a finding is; `shape` looks at the document, `prices`,
`steps` and `conditions` at its parts, `reach` at what elements leave to each other, `together` at the tariffs
of one connector, `checking` runs them all.
"""

from tariffs.lint.checking import lint
from tariffs.lint.finding import Finding
from tariffs.lint.rules import RULES, Rule, Severity
from tariffs.lint.together import lint_together

__all__ = ["RULES", "Finding", "Rule", "Severity", "lint", "lint_together"]
