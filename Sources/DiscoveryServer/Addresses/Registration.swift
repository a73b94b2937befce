internal import DiscoveryKit
internal import Foundation
internal import HTTPServing
internal import Registry

/// What is to be registered under an address: the body is a location, or a JSON object.
struct Registration {
    /// ```json
    /// {"location": "http://10.0.0.7:8080/", "type": "function", "attributes": {"stage": "prod"}}
    /// ```
    private struct Body: Decodable {
        let location: String?
        let type: String?
        let attributes: [String: String]?
    }

    let resource: Resource
    let attributes: Registry.Attributes

    /// - Throws: `.invalid` for a body that says nothing usable; `.unsupported` for a location of no known kind; what the rules say.
    init(_ call: Call, _ operation: AddressOperation, by rules: RegistrationRules) throws {
        let isObject = call.request.body.first { !" \t\r\n".utf8.contains($0) } == UInt8(ascii: "{")
        var body = Body(location: nil, type: nil, attributes: nil)
        if isObject {
            do { body = try JSONDecoder().decode(Body.self, from: Data(call.request.body)) } catch {
                throw DiscoveryError(
                    .invalid, #"The body is no object like {"location": "http://10.0.0.7:8080/", "type": "function", "attributes": {}}."#)
            }
        } else {
            let text = String(decoding: call.request.body, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
            body = Body(location: text.isEmpty ? nil : text, type: call.request.headers["discovery-type"], attributes: nil)
        }
        var said = body.attributes ?? [:]
        if let type = body.type { said["type"] = type }
        if let location = body.location { said["rid"] = location }
        let resource = try Resource.resource(from: said).resource
        try rules.check(said, by: call.caller)
        if body.location != nil { said["rid"] = nil }
        if let lease = operation.lease { said["DISCOVERY_LEASE_SECONDS"] = String(lease) }
        var attributes = said
        if body.location != nil {
            attributes = Resource(resource.kind, at: resource.location, attributes: said).registrationAttributes.dictionary
        }
        self.resource = resource
        self.attributes = Registry.Attributes(attributes)
    }
}
