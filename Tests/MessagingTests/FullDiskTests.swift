import Foundation
import Messaging
import Store
import Testing

/// A disk that is full: senders are told so, consumers go on, and all is well again when there is room.
struct FullDiskTests {
    @Test func `a sender at its limit on file sizes is told full, a consumer without drains the queue, and both go on`() async throws {
        try await withFolder { path in
            let messaging = try Messaging(Home(path: path))
            defer { messaging.close() }
            _ = try await messaging.createQueue("standard")
            let child = try Child("mailbox", path)
            var confirmed = 0
            for _ in 0..<5 {
                #expect(await child.ask("send size=20000") == "ok")
                confirmed += 1
            }
            try await whileLogIsRead(messaging.store) {
                #expect(await child.ask("limit bytes=\(size(of: "\(path)/messages.sqlite-wal") + 200_000)") == "ok")
                var answer = "ok"
                while answer == "ok", confirmed < 100 {
                    answer = await child.ask("send size=20000")
                    confirmed += answer == "ok" ? 1 : 0
                }
                #expect(answer.hasPrefix("error full") && answer.contains("Make room"), "\(answer)")
                #expect(await child.ask("send size=50000").hasPrefix("error full"))
            }
            #expect(try await messaging.drain("standard").count == confirmed)
            #expect(await child.ask("limit") == "ok")
            #expect(await child.ask("send size=20000") == "ok")
            #expect(await child.ask("consume") == "ok 1")
            child.end()
            #expect(try await messaging.everything(in: "standard").isEmpty)
            #expect(try Home.examine(path: path).isHealthy)
        }
    }

    @Test(.enabled(if: canMount, "only root can mount a small file system"))
    func `on a full disk senders are refused, consumers drain by the ballast, and senders go on when there is room`() async throws {
        try await withSmallDisk(megabytes: 96) { path in
            let home = "\(path)/home"
            let messaging = try Messaging(Home(path: home))
            defer { messaging.close() }
            _ = try await messaging.createQueue("standard")
            let message = Messaging.Outgoing([UInt8](repeating: UInt8(ascii: "x"), count: 100_000))
            for result in try await messaging.send(Array(repeating: message, count: 10), to: "standard") { _ = try result.get() }
            #expect(size(of: "\(home)/ballast") == 16 << 20)
            fill("\(path)/filler")
            var confirmed = 10
            var refused: StoreError?
            while refused == nil, confirmed < 1_000 {
                do {
                    for result in try await messaging.send([message], to: "standard") { _ = try result.get() }
                    confirmed += 1
                } catch let error as StoreError { refused = error }
            }
            #expect(refused?.code == .full && refused?.message.contains("Make room") == true, "\(String(describing: refused))")
            #expect(try await messaging.drain("standard").count == confirmed)
            #expect(try await messaging.everything(in: "standard").isEmpty)
            unlink("\(path)/filler")
            for result in try await messaging.send([message], to: "standard") { _ = try result.get() }
            #expect(try await messaging.drain("standard").count == 1)
            #expect(try Home.examine(path: home).isHealthy)
        }
    }
}
