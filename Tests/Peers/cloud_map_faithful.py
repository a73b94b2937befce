"""A daemon that keeps AWS's delays and quotas: what is pending, what is too much, and health that takes its time."""

import concurrent.futures
import time

from cloud_map_services import A, dns
from cloud_map_trial import CloudMap

HEALTH_DELAY = 30
# As the daemon was started.
NAMESPACES, DISCOVERIES_PER_SECOND = 20, 2
INSTANCES_PER_SERVICE, INSTANCES_PER_NAMESPACE = 1000, 2000


class Faithful:
    def __init__(self, url, ledger):
        self.map = CloudMap(url, ledger)
        self.ledger = ledger
        self.services = {}

    def begin(self):
        """What is waited for, as much as possible of it together; the reports of health as early as can be."""
        for step in [self.creations, self.changes, self.reports, self.instances]:
            step()

    def end(self):
        for step in [self.namespaces_at_most, self.instances_at_most, self.requests_at_most, self.health]:
            self.ledger.run(step)

    def pending(self, operation, twin=None, **members):
        """Submits a change, and the same again while it is pending; its operation's id."""
        map, ledger = self.map, self.ledger
        identity = map.start(operation, **members)
        ledger.same(map.operation(identity)["Status"], "PENDING", f"{operation}'s status")
        error = map.refused("DuplicateRequest", operation, **{**members, **(twin or {})})
        ledger.same(error["DuplicateOperationId"], identity, "the pending operation is told")
        return identity

    def creations(self):
        map, ledger = self.map, self.ledger
        same = {"CreatorRequestId": "same"}
        started = {
            "http": self.pending("CreateHttpNamespace", Name="http", **same),
            "private": self.pending("CreatePrivateDnsNamespace", Name="private", Vpc="vpc-1", **same),
            "public": self.pending("CreatePublicDnsNamespace", {"CreatorRequestId": "other"}, Name="public.test", **same),
            "empty": map.start("CreateHttpNamespace", Name="empty"),
        }
        listed = map("ListOperations", Filters=[{"Name": "STATUS", "Condition": "EQ", "Values": ["PENDING"]}])["Operations"]
        ledger.same({entry["Id"] for entry in listed}, set(started.values()), "what is pending")
        promised = map.operation(started["http"])["Targets"]["NAMESPACE"]
        map.refused("NamespaceNotFound", "GetNamespace", Id=promised)
        map.refused("NamespaceNotFound", "CreateService", Name="early", NamespaceId=promised)
        ledger.same(map("ListNamespaces")["Namespaces"], [], "no namespace is there yet")
        self.ids = {name: map.finish(identity)["Targets"]["NAMESPACE"] for name, identity in started.items()}
        ledger.same(self.ids["http"], promised, "the namespace has the id that was told")
        operation = map.operation(started["http"])
        ledger.true((operation["UpdateDate"] - operation["CreateDate"]).total_seconds() >= 1, "it took its time")

    def changes(self):
        map = self.map
        custom = {"HealthCheckCustomConfig": {"FailureThreshold": 1}}
        self.service = map.service(self.ids["http"], Name="health", **custom)
        dns_service = map.service(self.ids["private"], DnsConfig=dns(A))
        text = {"Namespace": {"Description": "new"}}
        started = [
            self.pending("UpdateHttpNamespace", Id=self.ids["http"], **text, UpdaterRequestId="u"),
            self.pending("UpdatePrivateDnsNamespace", Id=self.ids["private"], **text),
            self.pending("UpdatePublicDnsNamespace", {"Namespace": {"Description": "x"}}, Id=self.ids["public"], **text),
            self.pending("DeleteNamespace", Id=self.ids["empty"]),
            self.pending("UpdateService", Id=dns_service, Service={"Description": "new", "DnsConfig": dns(A)}),
        ]
        register = {"ServiceId": self.service, "Attributes": {"k": "v"}}
        started.append(self.pending("RegisterInstance", InstanceId="gone", CreatorRequestId="r", **register))
        started += [map.start("RegisterInstance", InstanceId=name, **register) for name in ["ill", "recovered", "well"]]
        # It is not visible before its operation succeeds.
        self.ledger.same(map.discovered(self.service, HealthStatus="ALL"), [], "nothing is there yet")
        map.refused("InstanceNotFound", "GetInstance", ServiceId=self.service, InstanceId="ill")
        self.ledger.true("Description" not in map("GetNamespace", Id=self.ids["http"])["Namespace"], "the description is not there yet")
        for identity in started:
            map.finish(identity)
        self.ledger.same(map("GetNamespace", Id=self.ids["http"])["Namespace"]["Description"], "new", "the description")
        self.ledger.same(len(map("ListInstances", ServiceId=self.service)["Instances"]), 4, "the instances are there")

    def instances(self):
        gone = {"ServiceId": self.service, "InstanceId": "gone"}
        leaving = self.pending("DeregisterInstance", **gone)
        error = self.map.refused("DuplicateRequest", "RegisterInstance", **gone, Attributes={"k": "v"})
        self.ledger.same(error["DuplicateOperationId"], leaving, "one change of an instance at a time")
        self.map("GetInstance", **gone)
        self.map.finish(leaving)
        self.map.refused("InstanceNotFound", "GetInstance", **gone)

    def report(self, name, status):
        self.map("UpdateInstanceCustomHealthStatus", ServiceId=self.service, InstanceId=name, Status=status)

    def status(self):
        return self.map("GetInstancesHealthStatus", ServiceId=self.service)["Status"]

    def reports(self):
        for name in ["ill", "recovered"]:
            self.report(name, "UNHEALTHY")
        self.first = time.monotonic()
        self.report("ill", "UNHEALTHY")
        self.report("recovered", "HEALTHY")
        self.ledger.same(set(self.status().values()), {"HEALTHY"}, "a report does not count at once")

    def health(self):
        """A status changes 30 s after the first report of it: repeats neither hasten nor delay it, and the opposite cancels it."""
        again = None
        while (status := self.status())["ill"] == "HEALTHY":
            age = time.monotonic() - self.first
            if age > 3 * HEALTH_DELAY:
                raise AssertionError(f"is healthy {age:.0f} s after the first report")
            if again is None and age > HEALTH_DELAY * 0.8:
                self.report("ill", "UNHEALTHY")
                again = time.monotonic()
            time.sleep(0.1)
        now = time.monotonic()
        self.ledger.true(now - self.first > HEALTH_DELAY - 1, f"not before its time: after {now - self.first:.1f} s")
        self.ledger.true(again is None or now - again < HEALTH_DELAY - 1, "a repeat does not begin anew")
        self.ledger.same(status, {"ill": "UNHEALTHY", "recovered": "HEALTHY", "well": "HEALTHY"}, "the health of all")

    # What is too much

    def namespaces_at_most(self):
        map = self.map
        # Those pending count.
        for _ in range(NAMESPACES - len(map("ListNamespaces")["Namespaces"])):
            map.start("CreateHttpNamespace", Name=map.fresh("many"))
        map.refused("ResourceLimitExceeded", "CreateHttpNamespace", Name="one-more")
        map.refused("ResourceLimitExceeded", "CreatePrivateDnsNamespace", Name="one-more", Vpc="vpc-1")
        map.refused("ResourceLimitExceeded", "CreatePublicDnsNamespace", Name="one-more.test")
        map.refused("NamespaceAlreadyExists", "CreateHttpNamespace", Name="http")

    def fill(self, service, count):
        """Registers many instances; by hand, as boto3 takes longer for each than the daemon."""

        def register(number):
            return self.map.raw(
                "RegisterInstance", {"ServiceId": service, "InstanceId": f"i{number}", "Attributes": {"k": "v"}})

        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            for status, answer in threads.map(register, range(count)):
                self.ledger.same(status, 200, f"a registration: {answer}")

    def instances_at_most(self):
        map, http = self.map, self.ids["http"]
        already = map("GetService", Id=self.service)["Service"]["InstanceCount"]
        one, other = map.service(http), map.service(http)
        more = {"InstanceId": "one-more", "Attributes": {"k": "v"}}
        self.fill(one, INSTANCES_PER_SERVICE)
        map.refused("ResourceLimitExceeded", "RegisterInstance", ServiceId=one, **more)
        self.fill(other, INSTANCES_PER_NAMESPACE - INSTANCES_PER_SERVICE - already)
        map.refused("ResourceLimitExceeded", "RegisterInstance", ServiceId=other, **more)
        # Elsewhere there is room; and what is there already may be replaced.
        self.map.start("RegisterInstance", ServiceId=map.service(self.ids["public"]), **more)
        self.map.start("RegisterInstance", ServiceId=self.service, InstanceId="well", Attributes={"k": "new"})

    def requests_at_most(self):
        names = self.map.names(self.service)
        for operation in ["DiscoverInstances", "DiscoverInstancesRevision"]:
            # Few are allowed a second, so that a slow machine too asks for more than that.
            for attempt in range(100 * DISCOVERIES_PER_SECOND):
                try:
                    self.map.refused("RequestLimitExceeded", operation, **names)
                    break
                except AssertionError:
                    if attempt + 1 == 100 * DISCOVERIES_PER_SECOND:
                        raise
