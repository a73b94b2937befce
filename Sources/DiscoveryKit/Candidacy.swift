internal import Logging
internal import Synchronization

/// This process's candidacy for the courier's office: it stands while anybody here serves or listens, and needs no more than to be there.
final class Candidacy: Sendable {
    private struct State {
        var supporters = 0
        var courier: Task<Void, Never>?
    }

    private let courier: Courier?
    private let state = Mutex(State())

    /// - Parameter courier: `nil` on a backend without a home: nobody stands then.
    init(_ courier: Courier?) { self.courier = courier }

    /// Runs `body`, and meanwhile, when it is this process's turn, the courier.
    func stand<Value>(while body: () async throws(DiscoveryError) -> Value) async throws(DiscoveryError) -> Value {
        guard let courier else { return try await body() }
        join(courier)
        let result: Result<Value, DiscoveryError>
        do throws(DiscoveryError) { result = .success(try await body()) } catch { result = .failure(error) }
        await leave()
        return try result.get()
    }

    private func join(_ courier: Courier) {
        state.withLock { state in
            state.supporters += 1
            guard state.courier == nil else { return }
            state.courier = Task {
                do throws(DiscoveryError) { try await courier.run() } catch  where error.code == .cancelled {
                    return
                } catch {
                    // Whoever serves or listens meets it as well, where it matters to them.
                    courier.logger.debug(
                        "this process cannot be the home's courier", metadata: ["discovery.reason": .string(error.message)])
                }
            }
        }
    }

    private func leave() async {
        let courier = state.withLock { state -> Task<Void, Never>? in
            state.supporters -= 1
            return state.supporters == 0 ? state.courier.take() : nil
        }
        courier?.cancel()
        await courier?.value
    }
}
