internal import Registry

/// A function as templates name it: `arn:aws:lambda:local:000000000000:function:NAME`, or its bare name, is whatever serves
/// `local.lambda->NAME`.
package struct LocalFunction {
    private static let prefix = "arn:aws:lambda:local:000000000000:function:"

    /// What templates write.
    package static func arn(_ name: String) -> String { prefix + name }

    /// The address that serves the function at a location; `nil` for other functions.
    package static func address(_ location: String) -> Address? {
        let name: Substring
        switch Resource.Location(location) {
        case .arn:
            guard location.hasPrefix(prefix) else { return nil }
            name = location.dropFirst(prefix.count)
        case .name: name = location[...]
        case .url: return nil
        }
        let isName = (1...64).contains(name.utf8.count) && name.utf8.allSatisfy { UInt8(ascii: "-") == $0 || isWord($0) }
        return isName ? Address(namespace: "local", service: "lambda", instance: .id(String(name))) : nil
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || byte == UInt8(ascii: "_")
    }
}

/// Calls a function that is registered by a name of Lambda's where it is served here.
struct LocalFunctionAdapter: RequestAdapter {
    let resolver: Resolver
    let adapter: HTTPFunctionAdapter

    func accepts(_ resource: Resource) -> Bool { resource.kind == .function && LocalFunction.address(resource.location) != nil }

    func request(_ request: Request, from resource: Resource) async throws(DiscoveryError) -> Reply {
        guard let address = LocalFunction.address(resource.location) else { preconditionFailure("what is not accepted is not called") }
        let target: Target
        do throws(DiscoveryError) { target = try await resolver.target(address) } catch {
            guard error.code == .notFound else { throw error }
            throw DiscoveryError(
                .unreachable,
                "Nobody serves the function `\(Resource.shown(resource.location))` here. Serve it at \(address), as in `discovery serve '\(address)' -- PROGRAM`.",
                address: request.address, cause: error)
        }
        guard adapter.accepts(target.resource) else {
            throw Discovery.refusal(of: "request", target.resource, target.address)
        }
        var headers = request.headers
        if target.instance?.lease != nil { headers[WireHeader.address] = target.address.text }
        return try await adapter.request(
            Request(request.message, to: target.address, deadline: request.deadline, lowercaseHeaders: headers), from: target.resource)
    }
}
