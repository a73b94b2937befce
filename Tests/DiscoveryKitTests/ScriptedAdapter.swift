import DiscoveryKit
import Synchronization

/// Fails as told, and notes where it was sent.
final class ScriptedAdapter: RequestAdapter {
    /// From the number of a try, from 0, and the resource to how it fails; `nil` is an answer.
    private let script: @Sendable (Int, Resource) async -> DiscoveryError.Code?
    private let locations = Mutex<[String]>([])

    init(_ script: @escaping @Sendable (Int, Resource) async -> DiscoveryError.Code?) { self.script = script }

    var asked: [String] { locations.withLock { $0 } }

    func accepts(_ resource: Resource) -> Bool { true }

    func request(_ request: Request, from resource: Resource) async throws(DiscoveryError) -> Reply {
        let number = locations.withLock { locations in
            locations.append(resource.location)
            return locations.count - 1
        }
        if let code = await script(number, resource) { throw DiscoveryError(code, "As the script says.", address: request.address) }
        return Reply(message: .text("answered"), servedBy: request.address)
    }
}
