internal import AWSProtocol
internal import Foundation

/// Where a registry that speaks AWS Cloud Map is, and as whom it is asked.
struct CloudMapAccess: Sendable {
    var endpoint: AWSEndpoint
    var region: String
    /// Without, requests are not signed.
    var credentials: SigV4.Credentials?

    /// A daemon's, with credentials from AWS's usual variables.
    ///
    /// - Throws: `.configuration`, for what is no URL of a daemon, or half of a key.
    init(daemon url: String, environment: [String: String]) throws(DiscoveryError) {
        do { endpoint = try AWSEndpoint(parsing: url) } catch {
            throw DiscoveryError(.configuration, "The daemon's URL cannot be used: \(error.message). Correct DISCOVERY_ENDPOINT.")
        }
        // A daemon has one name.
        endpoint.takesHostPrefix = false
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        region = value("AWS_REGION") ?? value("AWS_DEFAULT_REGION") ?? "us-east-1"
        switch (value("AWS_ACCESS_KEY_ID"), value("AWS_SECRET_ACCESS_KEY")) {
        case (let id?, let secret?):
            credentials = SigV4.Credentials(accessKeyID: id, secret: secret, securityToken: value("AWS_SESSION_TOKEN"))
        case (nil, nil): credentials = nil
        case (let id, _):
            throw DiscoveryError(
                .configuration,
                "\(id == nil ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID") is set without \(id == nil ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY"). Set both, or neither."
            )
        }
    }

    /// As people write it.
    var url: String { "\(endpoint.isSecure ? "https" : "http")://\(endpoint.host)\(endpoint.port.map { ":\($0)" } ?? "")\(endpoint.path)" }
}

extension CloudMapAccess: CustomStringConvertible, CustomReflectable {
    var description: String { url }

    // A secret is in no dump.
    var customMirror: Mirror { Mirror(self, children: ["url": url, "region": region, "isSigned": credentials != nil]) }
}
