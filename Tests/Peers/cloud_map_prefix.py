"""DiscoverInstances and its revision carry the host prefix `data-`: what boto3 makes of a daemon's address, and each way to have none of it.

    cloud_map_prefix.py URL

Of names only two are known here, and no other server is asked for any. Prints what was not as it should be, and `ways N`.
"""

import os
import socket
import sys
import urllib.parse

from cloud_map_trial import client

import botocore.exceptions

place = urllib.parse.urlsplit(sys.argv[1])
NAMED = {"registry.test": place.hostname, "data-registry.test": place.hostname, place.hostname: place.hostname}
asked = []
resolve = socket.getaddrinfo


def known_only(host, *arguments, **options):
    asked.append(host)
    if host not in NAMED:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return resolve(NAMED[host], *arguments, **options)


socket.getaddrinfo = known_only
deviations = []


def way(name, url, expected, **options):
    """What both operations come to; their names are resolved when they are told."""
    asked.clear()
    cloud_map = client(url, **options)
    said = []
    for call in [cloud_map.discover_instances, cloud_map.discover_instances_revision]:
        try:
            call(NamespaceName="nowhere", ServiceName="s")
            said.append("answered")
        except botocore.exceptions.ClientError as error:
            said.append(error.response["Error"]["Code"])
        except botocore.exceptions.EndpointConnectionError as error:
            said.append(str(error))
    if (said, set(asked)) != (expected[0], expected[1]):
        deviations.append(f"{name}: {said}, asked for {asked}")
    # All others go where they are told to.
    if cloud_map.list_namespaces()["ResponseMetadata"]["HTTPStatusCode"] != 200:
        deviations.append(f"{name}: ListNamespaces")
    return cloud_map


ANSWERED = ["NamespaceNotFound"] * 2
plain = {"inject_host_prefix": None}
nameless = f"data-{place.hostname}"
way("told in the configuration", sys.argv[1], (ANSWERED, {place.hostname}))
way("by a name with a twin", f"http://registry.test:{place.port}", (ANSWERED, {"data-registry.test"}), **plain)
# What users see who do nothing about it.
failure = f'Could not connect to the endpoint URL: "http://{nameless}:{place.port}/"'
way("not at all", sys.argv[1], ([failure] * 2, {nameless}), **plain)
os.environ["AWS_DISABLE_HOST_PREFIX_INJECTION"] = "true"
way("told in the environment", sys.argv[1], (ANSWERED, {place.hostname}), **plain)

for deviation in deviations:
    print(f"deviation: {deviation}")
print("ways 4")
sys.exit(1 if deviations else 0)
