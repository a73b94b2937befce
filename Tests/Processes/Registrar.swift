import Foundation
import Registry
import Store

/// Registers and deregisters instances until it is killed, and says what was confirmed.
struct Registrar {
    let home: String
    let name: String

    /// `begun ID` before a deregistration is asked for; `in SERVICE ID REVISION` and `out SERVICE ID` when confirmed.
    func run() async {
        do {
            let registry = try Registry(Home(path: home))
            Line.write("open")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for lane in 0..<4 { group.addTask { try await work(registry, lane) } }
                try await group.waitForAll()
            }
        } catch {
            Line.write("error \(error)")
        }
    }

    private func work(_ registry: Registry, _ lane: Int) async throws {
        for number in 0... {
            let service = "service-\(number % 3)"
            let id = "\(name)-\(lane)-\(number)"
            let registered = try await registry.register(
                id, in: .name(namespace: "kill", service: service), attributes: ["number": "\(number)"], creating: true)
            Line.write("in \(service) \(id) \(registered.incarnation)")
            guard number % 4 == 3 else { continue }
            Line.write("begun \(service) \(id)")
            try await registry.deregister(id, from: .name(namespace: "kill", service: service))
            Line.write("out \(service) \(id)")
        }
    }
}

/// Submits changes until it is killed, and says which were accepted.
struct Submitter {
    let home: String
    let name: String

    /// `made ID OPERATION` for a registration, `gone ID OPERATION` for its removal.
    func run() async {
        do {
            let registry = try Registry(Home(path: home))
            let service = try await registry.services(namespace: "kill")[0].id
            Line.write("open")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for lane in 0..<4 {
                    group.addTask {
                        for number in 0... {
                            let id = "\(name)-\(lane)-\(number)"
                            let made = try await registry.submit(.registerInstance(id, service: service, attributes: [:]), requestID: id)
                            Line.write("made \(id) \(made)")
                            guard number % 3 == 2 else { continue }
                            Line.write("gone \(id) \(try await registry.submit(.deregisterInstance(id, service: service)))")
                        }
                    }
                }
                try await group.waitForAll()
            }
        } catch {
            Line.write("error \(error)")
        }
    }
}

/// Registers one instance that lives as long as this process, or changes it, as it is told.
struct Leased {
    let home: String
    let id: String

    func run() async {
        do {
            let home = try Home(path: home)
            let registry = try Registry(home)
            let service = Registry.ServiceName.name(namespace: "leased", service: "service")
            while let line = Line.read() {
                let command = Command(line)
                switch command.verb {
                case "register":
                    let lease = try home.lease()
                    _ = try await registry.register(command.text("id") ?? id, in: service, attributes: [:], lease: lease, creating: true)
                    Line.write("ok \(lease.slot) \(lease.generation)")
                case "find":
                    let found = try? await registry.find(command.text("id") ?? id, namespace: "leased", service: "service")
                    Line.write("ok \(found == nil ? "nothing" : "found")")
                default: Line.write("error other there is no \(command.verb)")
                }
            }
        } catch {
            Line.write("error \(error)")
        }
    }
}
