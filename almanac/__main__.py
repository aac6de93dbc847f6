"""`python -m almanac`: one module a command, found in `almanac.commands`.

Owns argument parsing, error lines and exit codes: 0 done, 1 an error in two lines on standard
error, 2 wrong usage, 130 interrupted.
"""

import argparse
import importlib
import pkgutil
import sys
from collections.abc import Callable, Sequence
from types import ModuleType

from almanac import commands
from almanac.library import Almanac, open_almanac
from kb.errors import AlmanacError
from kb.settings import load_settings


def discover() -> dict[str, ModuleType]:
    """Return the commands by name; an import error in one is not hidden."""
    found = {}
    for info in sorted(pkgutil.iter_modules(commands.__path__), key=lambda info: info.name):
        if not info.name.startswith("_"):
            module = importlib.import_module(f"almanac.commands.{info.name}")
            found[module.NAME] = module
    return found


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="python -m almanac",
        description="MLSys Almanac: read, find again, sum up and compute.",
        epilog="Every command explains itself: python -m almanac COMMAND --help",
    )
    parser.add_argument("--home", help="folder of the library (else ALMANAC_HOME, else ./data)")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, module in discover().items():
        sub = subparsers.add_parser(
            name,
            help=module.HELP,
            description=module.__doc__,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        sub.add_argument("--home", default=argparse.SUPPRESS, help="folder of the library")
        module.add_arguments(sub)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character must not end a command.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    args = make_parser().parse_args(argv)
    opened: list[Almanac] = []

    def opener() -> Almanac:
        if not opened:
            opened.append(open_almanac(load_settings(args.home)))
        return opened[0]

    run: Callable[[argparse.Namespace, Callable[[], Almanac]], int] = discover()[args.command].run
    try:
        return run(args, opener)
    except AlmanacError as error:
        print(error.message, file=sys.stderr)
        print(error.hint, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted. What was written stays; run the command again to finish.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of our output went away, as `head` does.
        sys.stderr.close()
        return 0
    finally:
        for almanac in opened:
            almanac.close()


if __name__ == "__main__":
    sys.exit(main())
