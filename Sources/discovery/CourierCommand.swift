import ArgumentParser
import DiscoveryKit
import ServiceLifecycle

struct CourierCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "courier",
        abstract:
            "Delivers what topics have for HTTP endpoints and functions, makes calls put off, and runs move tasks, until it is ended.",
        discussion: """
            Of all couriers of a home one works; the next takes over at once when that ends. Processes that serve or listen are couriers besides:
            this is for homes without. Each subscription, and each function that is called later, is served by itself: one that is slow or dead
            delays nobody else. What cannot be delivered goes to the subscription's dead-letter queue, calls to the queue `undelivered`.

            Example: discovery courier
            """)

    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await common.run(Service(discovery: try Discovery(common.configuration)))
    }

    private struct Service: ServiceLifecycle.Service {
        let discovery: Discovery

        func run() async throws {
            if let courier = try await discovery.deliveries().courier {
                Output.print("\(courier) is the courier; this one waits for its turn")
            }
            try await discovery.run { [discovery] in
                let waiting = (try? await discovery.deliveries())?.waiting
                Output.print("delivering" + (waiting.map { "; messages wait for \($0) endpoint\($0 == 1 ? "" : "s")" } ?? ""))
            }
            await discovery.shutdown()
        }
    }
}
