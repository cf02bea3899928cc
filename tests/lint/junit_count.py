"""Prints `passed failed skipped` of a JUnit file, whichever of ctest and pytest wrote it."""
import sys
import xml.etree.ElementTree as ElementTree


def main() -> None:
    failed = skipped = total = 0
    for case in ElementTree.parse(sys.argv[1]).getroot().iter("testcase"):
        total += 1
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif case.find("skipped") is not None:
            skipped += 1
    print(total - failed - skipped, failed, skipped)


if __name__ == "__main__":
    main()
