import Foundation
import Testing

/// Cloud Map as boto3 and the AWS CLI find it, through a real daemon.
@Suite(.enabled(if: Peers.folder != nil, Peers.missing))
struct CloudMapPeerTests {
    /// What a script says of itself, line by line; a deviation, and a script that did not come to its end, fails.
    private func check(_ outcome: Peers.Outcome, endsWith last: String) {
        let deviations = outcome.lines.filter { $0.hasPrefix("deviation: ") }
        for line in outcome.lines where !line.hasPrefix("deviation: ") { print("➜ \(line)") }
        #expect(outcome.status == 0 && deviations.isEmpty, "\(deviations.joined(separator: "\n"))")
        #expect(outcome.lines.last?.hasPrefix(last) == true, "\(outcome.output.suffix(2_000))")
    }

    @Test
    func `every operation, and every error that is documented for it, comes through boto3`() async throws {
        // So few that a slow machine, too, asks for more than that.
        let quotas = [
            "DISCOVERY_QUOTA_NAMESPACES": "20", "DISCOVERY_QUOTA_DISCOVER_INSTANCES": "2",
            "DISCOVERY_QUOTA_DISCOVER_INSTANCES_REVISION": "2",
        ]
        try await DaemonTrial.run { daemon in
            try await DaemonTrial.run(["--faithful"], settings: quotas) { faithful in
                check(try await Peers.script("cloud_map.py", daemon.url, faithful.url), endsWith: "covered ")
            }
        }
    }

    @Test
    func `every operation is a command of the AWS CLI`() async throws {
        try await DaemonTrial.run { daemon in check(try await Peers.script("cloud_map_commands.py", daemon.url), endsWith: "commands ") }
    }

    @Test
    func `the host prefix of boto3 is cured in each of the ways`() async throws {
        try await DaemonTrial.run { daemon in check(try await Peers.script("cloud_map_prefix.py", daemon.url), endsWith: "ways ") }
    }

    @Test
    func `keys let boto3 do what they may, as they are at the moment`() async throws {
        let keys = FileManager.default.temporaryDirectory.appendingPathComponent("discovery-keys-\(UUID().uuidString).json").path
        defer { try? FileManager.default.removeItem(atPath: keys) }
        try #require(
            FileManager.default.createFile(atPath: keys, contents: Data(#"{"keys": []}"#.utf8), attributes: [.posixPermissions: 0o600]))
        try await DaemonTrial.run(["--keys", keys], complains: true) { daemon in
            check(try await Peers.script("cloud_map_access.py", daemon.url, keys), endsWith: "keys: ")
        }
    }

    @Test
    func `the lines of the walk-through are commands as they stand`() async throws {
        try await DaemonTrial.run { daemon in
            // As somebody who pastes what the daemon says when it begins.
            let exports = daemon.exports.joined(separator: "\n")
            let settings = [
                "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_EC2_METADATA_DISABLED": "true",
                "AWS_MAX_ATTEMPTS": "1",
            ]
            func aws(_ line: String) async throws -> String {
                let outcome = try await Peers.shell("\(exports)\n\(line)", settings: settings)
                #expect(outcome.status == 0, "\(line): \(outcome.output)")
                return outcome.output.trimmingCharacters(in: .whitespacesAndNewlines)
            }
            func json(_ text: String) throws -> NSDictionary {
                try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? NSDictionary, "\(text)")
            }
            let operation = try await aws(
                "aws servicediscovery create-http-namespace --name test-namespace --query OperationId --output text")
            let namespace = try await aws(
                "aws servicediscovery get-operation --operation-id \(operation) --query Operation.Targets.NAMESPACE --output text")
            let service = try await aws(
                "aws servicediscovery create-service --name flask-app --namespace-id \(namespace) --query Service.Id --output text")
            let registered = try json(
                try await aws(
                    "aws servicediscovery register-instance --service-id \(service) --instance-id instance1 --attributes AWS_INSTANCE_IPV4=172.1.1.1,AWS_INSTANCE_PORT=80,stage=dev,version=1.0.0"
                ))
            #expect(registered["OperationId"] is String)
            let found =
                [
                    "InstanceId": "instance1", "NamespaceName": "test-namespace", "ServiceName": "flask-app", "HealthStatus": "UNKNOWN",
                    "Attributes": ["AWS_INSTANCE_IPV4": "172.1.1.1", "AWS_INSTANCE_PORT": "80", "stage": "dev", "version": "1.0.0"],
                ] as NSDictionary
            let line =
                "aws servicediscovery discover-instances --namespace-name test-namespace --service-name flask-app --query-parameters stage=dev,version=1.0.0"
            #expect(try json(try await aws(line))["Instances"] as? NSArray == [found])
            #expect(
                try json(try await aws("unset AWS_ENDPOINT_URL\n\(line) --endpoint-url \(daemon.url)"))["Instances"] as? NSArray == [found])
        }
    }
}
