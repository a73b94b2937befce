/// Where an address leads, for programs that read JSON.
package struct ResourceReport: Encodable {
    package let address: String
    package let kind: String
    package let location: String
    package let attributes: [String: String]

    package init(_ address: Address, _ resource: Resource) {
        self.address = address.description
        kind = resource.kind.description
        location = resource.location
        attributes = resource.attributes
    }
}
