import Foundation
import Synchronization
import Testing

@testable import Store

/// The time of a home: it never falls, whatever the wall clock does.
struct HomeTimeTests {
    @Test func `the time never falls, in one process and between two`() async throws {
        try await withFolder { path in
            let first = try Home(path: path)
            let second = try Home(path: path)
            var last = first.now()
            for round in 0..<10_000 {
                let now = round.isMultiple(of: 2) ? second.now() : first.now()
                #expect(now >= last)
                last = now
            }
        }
    }

    @Test func `a new home starts at the wall clock`() async throws {
        try await withFolder { path in
            let before = Platform.wallClock() / 1_000_000
            let now = try Home(path: path).now().milliseconds
            #expect((before - 1...Platform.wallClock() / 1_000_000 + 1).contains(now))
        }
    }

    @Test func `the time goes on where it was when the home is opened again, also after a boot and a clock set back`() async throws {
        try await withFolder { path in
            let hour: UInt64 = 3_600_000_000_000
            var last = HomeTime(milliseconds: 0)
            for round in 0..<4 {
                let home = try Home(path: path)
                let now = home.now()
                #expect(now > last, "round \(round)")
                // What the page would say had the wall clock been an hour ahead, and another boot been the one that wrote it.
                home.signals.file.word(3).pointee.store(UInt64(now.milliseconds) * 1_000_000 + hour, ordering: .relaxed)
                home.signals.file.word(1).pointee.store(UInt64(round), ordering: .relaxed)
                last = now + .seconds(3_600) + .milliseconds(-1)
            }
        }
    }

    @Test func `a home whose page was lost or is garbage starts anew and works`() async throws {
        try await withFolder { path in
            for contents in [Data(), Data([1, 2, 3]), Data(repeating: 0xFF, count: 4096), Data(repeating: 0xA5, count: 9_000)] {
                try contents.write(to: URL(filePath: "\(path)/signals"))
                let store = try Store(notes: path)
                let wall = Platform.wallClock() / 1_000_000
                #expect(abs(store.home.now().milliseconds - wall) < 60_000)
                let known = store.version()
                try await store.put(1)
                #expect(!store.isStill(known))
                store.close()
            }
        }
    }

    @Test func `a lost commit counter of a killed writer is repaired by the next who opens`() async throws {
        try await withFolder { path in
            try Store(notes: path).close()
            let home = try Home(path: path)
            home.signals.file.word(16).pointee.store(7, ordering: .relaxed)
            let store = try Store(home, NoteStore.schema)
            #expect(store.version() == 8)
            store.close()
        }
    }

    @Test func `durations are added in milliseconds`() {
        let time = HomeTime(milliseconds: 1_000)
        #expect(time + .milliseconds(1) == HomeTime(milliseconds: 1_001))
        #expect(time + .seconds(2) + .milliseconds(500) == HomeTime(milliseconds: 3_500))
        #expect(time + .microseconds(999) == time)
        #expect(time + .seconds(-1) == HomeTime(milliseconds: 0))
    }
}
