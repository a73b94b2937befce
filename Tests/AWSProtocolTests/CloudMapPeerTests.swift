import Foundation
import Testing

@testable import AWSProtocol

/// What boto3 sends for every operation, with every member, is checked and read here, and comes out again as it was.
@Suite struct CloudMapPeerTests {
    private struct Sent: Decodable {
        let operation: String
        let method: String
        let url: String
        let headers: [[String]]
        let body: Data
        let output: Data
    }

    private static func isSame(_ one: some Sequence<UInt8>, _ other: Data) -> Bool {
        let objects = [Data(Array(one)), other].map { try? JSONSerialization.jsonObject(with: $0) as? NSDictionary }
        return objects[0] != nil && objects[0] == objects[1]
    }

    private static func check<Operation: AWSOperation>(_ operation: Operation.Type, _ sent: Sent) throws {
        let context: Comment = "\(Rounds.note) \(sent.operation) \(String(decoding: sent.body, as: UTF8.self))"
        let input = try operation.input(from: Array(sent.body))
        #expect(isSame(try AWSJSON.encode(input), sent.body), context)
        let output = try operation.output(status: 200, body: Array(sent.output)) { _ in nil }
        let body = try operation.body(of: output)
        #expect(operation.hasOutput ? isSame(body, sent.output) : body.isEmpty && sent.output.isEmpty, context)
    }

    @Test(.enabled(if: Peers.folder != nil, Peers.missing))
    func `boto3's requests hold and are read, with all their members`() async throws {
        print("CloudMapPeerTests: \(Rounds.note)")
        let secret = SignatureVectorTests.secret
        let script = Peers.repository.appendingPathComponent("Tests/Peers/send_calls.py").path
        let outcome = try await Peers.run(
            "python", [script, CloudMap.service.signingName, secret, String(Rounds.seed), String(Rounds.count)])
        let lines = outcome.output.split(separator: "\n")
        guard outcome.status == 0, lines.count == CloudMap.operations.count * Rounds.count else {
            Issue.record("\(outcome.output.suffix(2_000))")
            return
        }
        let keys = SigV4.SigningKeys()
        var seen: Set<String> = []
        for line in lines {
            let sent = try JSONDecoder().decode(Sent.self, from: Data(line.utf8))
            let headers = [("Host", "127.0.0.1:4580")] + sent.headers.map { ($0[0], $0[1]) }
            let request = SigV4.Request(method: sent.method, target: sent.url, headers: headers, payload: .bytes(Array(sent.body)))
            let time = try #require(headers.first { $0.0 == "X-Amz-Date" }.flatMap { SigV4.seconds(ofTimestamp: $0.1) })
            let checked = try SigV4.check(request, now: Date(timeIntervalSince1970: Double(time)), keys: keys) { _ in secret }
            #expect(checked.isKnown && checked.claim.scope.region == "eu-west-3" && checked.claim.scope.service == "servicediscovery")
            let target = try #require(headers.first { $0.0 == "X-Amz-Target" }?.1)
            let operation = try #require(CloudMap.operations.first { $0.target == target })
            #expect(operation.name == sent.operation)
            try Self.check(operation, sent)
            seen.insert(operation.name)
        }
        #expect((1...2).contains(keys.count))
        print("➜ boto3: \(seen.count)/\(CloudMap.operations.count) operations sent and read, \(lines.count) requests")
    }
}
