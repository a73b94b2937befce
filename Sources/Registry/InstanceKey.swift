/// An instance by its id and its service's: whichever registration of it stands.
struct InstanceKey: Sendable, Hashable {
    let serviceID: String
    let instanceID: String
}
