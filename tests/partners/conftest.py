"""The running hub and the partners that join it, as in tests/flows."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

spec = spec_from_file_location("flows_conftest", Path(__file__).parents[1] / "flows" / "conftest.py")
flows = module_from_spec(spec)
spec.loader.exec_module(flows)
running, join = flows.running, flows.join
