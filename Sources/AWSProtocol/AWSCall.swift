package import Foundation

/// A request as a client sends it. What sends it adds `Content-Length`, and nothing else that is signed.
package struct AWSCall: Sendable {
    package let method = "POST"
    package var isSecure: Bool
    /// With the operation's host prefix, where the endpoint takes one.
    package var host: String
    package var port: Int?
    package var target: String
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]

    package var url: String { "\(isSecure ? "https" : "http")://\(host)\(port.map { ":\($0)" } ?? "")\(target)" }
}

extension AWSOperation {
    /// - Parameters:
    ///   - credentials: nil, for who believes without.
    ///   - date: the time of the call.
    /// - Throws: an input that is no JSON: a number that is none, say.
    package static func call(
        _ input: Input, to endpoint: AWSEndpoint, region: String, credentials: SigV4.Credentials?, at date: Date,
        keys: SigV4.SigningKeys? = nil
    ) throws(AWSFault) -> AWSCall {
        let host = endpoint.host(for: hostPrefix)
        var call = AWSCall(
            isSecure: endpoint.isSecure, host: host, port: endpoint.port, target: "\(endpoint.path)/",
            headers: [
                ("Host", "\(host)\(endpoint.port.map { ":\($0)" } ?? "")"), ("Content-Type", service.version.contentType),
                ("X-Amz-Target", target),
            ],
            body: try AWSJSON.encode(input))
        guard let credentials else { return call }
        let request = SigV4.Request(method: call.method, target: call.target, headers: call.headers, payload: .bytes(call.body))
        do {
            call.headers += try SigV4.sign(
                request, with: credentials, region: region, service: service.signingName, at: date, keys: keys)
        } catch { throw AWSFault(error) }
        return call
    }

    /// What the service answered.
    ///
    /// - Parameter header: the first value of a header, whose name is given in lower case.
    /// - Throws: the service's fault, with the answer's status; `.unreadableAnswer` for a success that is none.
    package static func output(status: Int, body: [UInt8], header: (String) -> String?) throws(AWSFault) -> Output {
        guard (200..<300).contains(status) else { throw AWSFault(status: status, body: body, header: header) }
        do { return try AWSJSON.decode(Output.self, from: hasOutput ? body : [], missingMember: .unreadableAnswer) } catch {
            throw AWSFault(.unreadableAnswer, "\(name) was answered with something else: \(error.message)", status: status)
        }
    }
}
