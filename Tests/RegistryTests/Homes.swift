import Foundation
import Registry
import Store
import Testing

/// A registry in a home of its own, closed and removed afterwards.
func withRegistry(_ body: (Registry) async throws -> Void) async throws {
    try await withFolder { path in
        let registry = try Registry(Home(path: path))
        defer { registry.close() }
        try await body(registry)
    }
}

extension Registry {
    /// A service to register in: its namespace is made when there is none of that name.
    func make(
        _ service: String, in namespace: String, kind: Namespace.Kind = .http, _ configuration: Service.Configuration = .init()
    ) async throws -> Service {
        let known = try await namespaces().first { $0.httpName == namespace }
        let made: Namespace
        if let known { made = known } else { made = try await createNamespace(name: namespace, kind: kind) }
        return try await createService(namespaceID: made.id, name: service, configuration: configuration)
    }

    /// All, by one page after the other: discovering has a limit.
    func allIDs(of service: ServiceName) async throws -> Set<String> {
        var ids: [String] = []
        var token: String?
        repeat {
            let page = try await instances(of: service, page: .init(token: token))
            ids += page.elements.map(\.id)
            token = page.token
        } while token != nil
        #expect(Set(ids).count == ids.count, "an instance was listed twice")
        return Set(ids)
    }

    func ids(_ namespace: String, _ service: String, _ selection: Selection = Selection()) async throws -> Set<String> {
        var generator = SystemRandomNumberGenerator()
        let found = try await discover(namespace: namespace, service: service, selection, limit: 1_000, using: &generator)
        #expect(Set(found.instances.map(\.id)).count == found.instances.count, "an instance was discovered twice")
        return Set(found.instances.map(\.id))
    }
}

/// Expects a rule of the registry to be broken, in a sentence that holds `parts`.
@discardableResult
func refused(
    _ code: RegistryError.Code, _ parts: String..., location: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async -> RegistryError? {
    do {
        try await body()
        Issue.record("this was not refused", sourceLocation: location)
    } catch let error as RegistryError {
        #expect(error.code == code, "\(error.message)", sourceLocation: location)
        for part in parts { #expect(error.message.contains(part), "\(error.message)", sourceLocation: location) }
        return error
    } catch {
        Issue.record("\(error)", sourceLocation: location)
    }
    return nil
}
