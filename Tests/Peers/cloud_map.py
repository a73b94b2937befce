"""boto3 against a running discoveryd: every operation of Cloud Map, and every error that its model documents for it.

    cloud_map.py URL FAITHFUL_URL

URL is a daemon as it is, FAITHFUL_URL one that was started with `--faithful`; each has a home of its own, empty at the start. Prints what was
not as it should be, a table, and `covered N / M`; fails if anything was not, or if what could be provoked is not what EXCUSED leaves.
"""

import sys
import time

import cloud_map_faithful
import cloud_map_instances
import cloud_map_limits
import cloud_map_namespaces
import cloud_map_records
import cloud_map_services
from cloud_map_trial import CloudMap, Ledger

NO_CHILDREN = "the model gives no case of it, and an error for what holds other resources has nothing to say of this operation"
# The documented errors that nobody can provoke, and why.
EXCUSED = {
    ("CreateService", "ResourceLimitExceeded"): "Cloud Map documents no quota of services",
    ("DeregisterInstance", "ResourceInUse"): NO_CHILDREN,
    ("RegisterInstance", "ResourceInUse"): NO_CHILDREN,
    ("UpdateHttpNamespace", "ResourceInUse"): NO_CHILDREN,
    ("UpdatePrivateDnsNamespace", "ResourceInUse"): NO_CHILDREN,
    ("UpdatePublicDnsNamespace", "ResourceInUse"): NO_CHILDREN,
}


def main(url, faithful_url):
    ledger = Ledger(url)
    start = time.monotonic()
    faithful = cloud_map_faithful.Faithful(faithful_url, ledger)
    map = CloudMap(url, ledger)
    scenarios = [
        *cloud_map_namespaces.SCENARIOS, *cloud_map_services.SCENARIOS, *cloud_map_instances.SCENARIOS, *cloud_map_records.SCENARIOS,
        *cloud_map_namespaces.LATER, *cloud_map_limits.SCENARIOS,
    ]
    # What takes its time there goes on while the others run here.
    ledger.run(faithful.begin)
    for scenario in scenarios:
        ledger.run(scenario, map, ledger)
    ledger.run(faithful.end)
    report(ledger)
    print(f"{ledger.checks} checks in {time.monotonic() - start:.0f} s")
    documented = sum(len(codes) for codes in ledger.documented.values())
    print(f"covered {len(ledger.covered)} / {documented}")
    return 1 if ledger.deviations else 0


def report(ledger):
    for operation in sorted(set(ledger.documented) - ledger.answered):
        ledger.deviations.append(f"{operation}: never answered without an error")
    pairs = {(operation, code) for operation, codes in ledger.documented.items() for code in codes}
    for pair in sorted(pairs - ledger.covered - set(EXCUSED)):
        ledger.deviations.append(f"{' '.join(pair)}: is documented, and was not provoked")
    for pair in sorted(set(EXCUSED) & ledger.covered):
        ledger.deviations.append(f"{' '.join(pair)}: was provoked, and is excused")
    for pair in sorted(set(EXCUSED) - pairs):
        ledger.deviations.append(f"{' '.join(pair)}: is excused, and not documented")
    for deviation in ledger.deviations:
        print(f"deviation: {deviation}")
    for operation, codes in sorted(ledger.documented.items()):
        covered = sum(1 for code in codes if (operation, code) in ledger.covered)
        missing = ", ".join(sorted(code for code in codes if (operation, code) not in ledger.covered))
        print(f"{operation:34} {covered} / {len(codes)}{'  not ' + missing if missing else ''}")
    for (operation, code), reason in EXCUSED.items():
        print(f"not {operation} {code}: {reason}")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
