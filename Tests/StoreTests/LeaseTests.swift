import Foundation
import Testing

@testable import Store

/// Leases: alive exactly as long as the process that took them.
struct LeaseTests {
    private func lease(of child: Child) async throws -> Lease {
        let parts = await child.ask("lease").split(separator: " ")
        try #require(parts.count == 3 && parts[0] == "ok")
        return Lease(slot: try #require(Int(parts[1])), generation: try #require(Int64(parts[2])))
    }

    @Test func `a process has one lease, alive to itself and to others`() async throws {
        try await withFolder { path in
            let home = try Home(path: path)
            let own = try home.lease()
            #expect(try home.lease() == own)
            #expect(home.isAlive(own))
            let child = try Child("notes", path)
            #expect(await child.ask("open") == "ok")
            let other = try await lease(of: child)
            #expect(other.slot != own.slot)
            #expect(home.isAlive(other))
            #expect(await child.ask("alive slot=\(own.slot) generation=\(own.generation)") == "ok true")
            #expect(await child.ask("alive slot=\(other.slot) generation=\(other.generation)") == "ok true")
        }
    }

    @Test func `the lease of a killed process is dead at once, also while a child of it lives`() async throws {
        try await withFolder { path in
            let home = try Home(path: path)
            for _ in 0..<min(Rounds.count, 30) {
                let child = try Child("notes", path)
                #expect(await child.ask("open") == "ok")
                let lease = try await lease(of: child)
                let words = await child.ask("child").split(separator: " ")
                let grandchild = try #require(words.count == 2 ? pid_t(words[1]) : nil)
                #expect(home.isAlive(lease))
                // A program that is only being started has not closed yet what it is not to inherit.
                try await eventually("the grandchild to run") { isRunning(grandchild, "sleep") }
                child.end()
                #expect(!home.isAlive(lease))
                #expect(Platform.process(grandchild) != nil, "the grandchild was to be alive")
                kill(grandchild, SIGKILL)
            }
        }
    }

    @Test func `a stopped process keeps its lease, one that ends in peace loses it`() async throws {
        try await withFolder { path in
            let home = try Home(path: path)
            let child = try Child("notes", path)
            #expect(await child.ask("open") == "ok")
            let lease = try await lease(of: child)
            child.kill(SIGSTOP)
            await child.waitUntilStopped()
            #expect(home.isAlive(lease))
            child.kill(SIGCONT)
            #expect(await child.ask("close") == "ok")
            try await eventually("the end of the lease, with the home closed") { !home.isAlive(lease) }
        }
    }

    @Test func `a slot taken over keeps the old lease dead`() async throws {
        try await withFolder { path in
            let probe = try Leases(path: "\(path)/leases")
            // Every slot but the last is taken, so that each next process must use the one that was left.
            let descriptor = open("\(path)/leases", O_RDWR | O_CLOEXEC)
            defer { close(descriptor) }
            var range = flock()
            range.l_type = Int16(F_WRLCK)
            range.l_len = off_t((Leases.slots - 1) * 8)
            try #require(fcntl(descriptor, 37, &range) == 0)  // F_OFD_SETLK
            var old: Lease?
            for _ in 0..<10 {
                let lease = try {
                    let last = try Leases(path: "\(path)/leases")
                    let lease = try last.current()
                    #expect(lease.slot == Leases.slots - 1 && probe.isAlive(lease))
                    if let old {
                        #expect(!probe.isAlive(old))
                    }
                    return lease
                }()
                // A process that another test is starting just now has our descriptors until it runs its program.
                try await eventually("a free slot") { !probe.isAlive(lease) }
                old = lease
            }
            let last = try Leases(path: "\(path)/leases")
            _ = try last.current()
            #expect { try Leases(path: "\(path)/leases").current() } throws: { ($0 as? StoreError)?.code == .full }
            withExtendedLifetime(last) {}
        }
    }

    @Test func `a lease that nobody took is dead, whatever it says`() async throws {
        try await withFolder { path in
            let home = try Home(path: path)
            let own = try home.lease()
            for lease in [
                Lease(slot: -1, generation: 0), Lease(slot: Leases.slots, generation: 0), Lease(slot: .max, generation: .max),
                Lease(slot: own.slot, generation: own.generation &+ 1),
                Lease(slot: (own.slot + 1) % Leases.slots, generation: own.generation),
                Lease(slot: (own.slot + 1) % Leases.slots, generation: 0),
            ] {
                #expect(!home.isAlive(lease), "\(lease)")
            }
        }
    }
}
