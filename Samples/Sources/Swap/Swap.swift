import DiscoveryKit
import Foundation

/// Callers under load while the function they call is swapped for another, back and forth.
///
///     Swap --seconds 2 --callers 8
///
/// Prints how many calls there were, how many failed, and how long they took. Ends with 1 when a call failed.
@main
struct Swap {
    static let front: Address = "shop.checkout->price"
    static let implementations: [Address] = ["shop.blue->price", "shop.green->price"]

    static func main() async throws {
        let seconds = option("--seconds", default: 2), callers = option("--callers", default: 8)
        let serving = implementations.map { address in
            Task { try await Discovery.serve(address) { (item: String) in "\(item) by \(address)" } }
        }
        defer { for task in serving { task.cancel() } }
        var places: [Resource] = []
        for address in implementations { places.append(Resource(.function, at: try await location(of: address))) }
        try await Discovery.register(front, places[0])

        let end = ContinuousClock.now + .seconds(seconds)
        var swaps = 0
        let tallies = try await withThrowingTaskGroup(of: Tally.self) { group in
            for _ in 0..<callers { group.addTask { await call(until: end) } }
            while ContinuousClock.now < end {
                try await Task.sleep(for: .milliseconds(5))
                swaps += 1
                try await Discovery.register(front, places[swaps % places.count])
            }
            var tallies: [Tally] = []
            for try await tally in group { tallies.append(tally) }
            return tallies
        }
        let failures = tallies.flatMap(\.failures)
        report(
            swaps, tallies.flatMap(\.latencies).sorted(), failures, tallies.reduce(into: [:]) { $0.merge($1.answers, uniquingKeysWith: +) })
        if !failures.isEmpty { exit(1) }
    }

    /// What one caller saw.
    struct Tally: Sendable {
        var latencies: [Duration] = []
        var failures: [DiscoveryError] = []
        var answers: [String: Int] = [:]
    }

    static func call(until end: ContinuousClock.Instant) async -> Tally {
        var tally = Tally()
        while ContinuousClock.now < end {
            let start = ContinuousClock.now
            do throws(DiscoveryError) {
                let answer: String = try await Discovery.request(front, "a watering can")
                tally.answers[answer, default: 0] += 1
            } catch {
                tally.failures.append(error)
            }
            tally.latencies.append(start.duration(to: .now))
        }
        return tally
    }

    /// Where a function is served, once it is.
    static func location(of address: Address) async throws -> String {
        while true {
            do throws(DiscoveryError) {
                _ = try await Discovery.resolve(address)
                break
            } catch .notFound {
                try await Task.sleep(for: .milliseconds(10))
            }
        }
        return try await Discovery.resolve(address).location
    }

    static func report(_ swaps: Int, _ latencies: [Duration], _ failures: [DiscoveryError], _ answers: [String: Int]) {
        print("\(latencies.count) calls, \(swaps) swaps, \(failures.count) failures")
        for (answer, count) in answers.sorted(by: { $0.key < $1.key }) { print("  \(count) answered \"\(answer)\"") }
        if !latencies.isEmpty {
            func percentile(_ share: Double) -> String {
                "\(Int(latencies[Int(Double(latencies.count - 1) * share)] / .microseconds(1))) µs"
            }
            print("latency: median \(percentile(0.5)), 99 % \(percentile(0.99)), 99.9 % \(percentile(0.999)), longest \(percentile(1))")
        }
        for failure in failures.prefix(5) { print("  \(failure)") }
    }

    static func option(_ name: String, default value: Int) -> Int {
        let arguments = CommandLine.arguments
        guard let index = arguments.firstIndex(of: name) else { return value }
        guard arguments.indices.contains(index + 1), let number = Int(arguments[index + 1]), number > 0 else {
            print("usage: Swap [--seconds N] [--callers N]")
            exit(64)
        }
        return number
    }
}
