import AWSProtocol
import Foundation

/// Somebody with a key, who signs what is sent.
struct KeyHolder: Sendable {
    var id: String
    var secret = "a secret of some length"
    var clock: TimeInterval = 0

    /// A file of keys that lets each do what is listed, on what is named.
    static func file(_ rules: [(id: String, allow: [String], on: String)]) throws -> Data {
        let keys = rules.map { rule in
            [
                "id": rule.id, "secret": KeyHolder(id: rule.id).secret,
                "rules": rule.allow.isEmpty ? [] : [["allow": rule.allow, "on": rule.on]],
            ] as [String: Any]
        }
        return try JSONSerialization.data(withJSONObject: ["keys": keys])
    }

    /// Writes it where a daemon is to read it, for nobody else to see.
    static func write(_ file: Data, to path: String) throws {
        try file.write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    }

    func signed(_ request: WireRequest, service: String = "servicediscovery") throws -> WireRequest {
        var request = request
        request.headers += try SigV4.sign(
            SigV4.Request(method: request.method, target: request.target, headers: request.headers, payload: .bytes(request.body)),
            with: .init(accessKeyID: id, secret: secret), region: "us-east-1", service: service, at: Date(timeIntervalSinceNow: clock))
        return request
    }

    func presigned(_ request: WireRequest, expiry: Int) throws -> WireRequest {
        var request = request
        request.target = try SigV4.presign(
            SigV4.Request(method: request.method, target: request.target, headers: request.headers, payload: .bytes(request.body)),
            with: .init(accessKeyID: id, secret: secret), region: "us-east-1", service: "servicediscovery",
            at: Date(timeIntervalSinceNow: clock), expiry: expiry)
        return request
    }

    /// By HTTP's Basic scheme.
    func named(_ request: WireRequest) -> WireRequest {
        var request = request
        request.headers.append(("Authorization", "Basic " + Data("\(id):\(secret)".utf8).base64EncodedString()))
        return request
    }
}
