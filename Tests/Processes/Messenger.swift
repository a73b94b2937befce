import Foundation
import Messaging
import Store

/// Sends, publishes or consumes messages until it is killed, and says what was confirmed: `Processes producer|publisher|consumer HOME NAME`.
///
/// Bodies are `NAME/LANE/NUMBER`; in the FIFO queue `NAME/LANE` is the group, and the body the deduplication id.
struct Messenger {
    static let standard = "standard"
    static let fifo = "ordered.fifo"
    static let failed = "failed"

    let home: String
    let name: String

    /// `sent QUEUE BODY` when confirmed.
    func produce() async {
        await work { messaging, lane in
            for number in 0... {
                let body = "\(name)/\(lane)/\(number)"
                let queue = lane.isMultiple(of: 2) ? Self.fifo : Self.standard
                var message = Messaging.Outgoing(Array(body.utf8))
                if queue == Self.fifo {
                    message.group = "\(name)/\(lane)"
                    message.deduplication = body
                }
                // Every third is sent again, as by a sender that has not heard of its confirmation.
                for _ in 0...(queue == Self.fifo && number % 3 == 0 ? 1 : 0) {
                    for result in try await messaging.send([message], to: queue) { _ = try result.get() }
                }
                Line.write("sent \(queue) \(body)")
            }
        }
    }

    /// `sent BODY` when confirmed by the topic `events`.
    func publish() async {
        await work { messaging, lane in
            for number in 0... {
                let body = "\(name)/\(lane)/\(number)"
                for result in try await messaging.publish([.init(Array(body.utf8))], to: "events") { _ = try result.get() }
                Line.write("sent \(body)")
            }
        }
    }

    /// `got QUEUE BODY ID RECEIPT` for each message received, `begun BODY` before it is settled, `done BODY` when it is confirmed as finished,
    /// `back BODY` when it is confirmed as given back, `buried BODY` as moved to the dead-letter queue.
    func consume() async {
        await work { messaging, lane in
            let queue = lane.isMultiple(of: 2) ? Self.fifo : Self.standard
            while true {
                let received = try await messaging.receive(from: queue, maximum: 5, wait: .seconds(5))
                for message in received {
                    Line.write("got \(queue) \(String(decoding: message.body, as: UTF8.self)) \(message.id) \(message.receipt)")
                }
                for message in received { try await settle(message, in: queue, messaging) }
            }
        }
    }

    private func settle(_ message: Messaging.Received, in queue: String, _ messaging: Messaging) async throws {
        let body = String(decoding: message.body, as: UTF8.self)
        let number = body.split(separator: "/").last.flatMap { Int($0) } ?? 0
        Line.write("begun \(body)")
        if queue == Self.standard, number % 7 == 5 {
            // Poison: it comes back until it has been received too often.
            try await messaging.fail(message.receipt, in: queue, reason: "poison")
            Line.write("back \(body)")
        } else if queue == Self.standard, number % 7 == 3 {
            try await messaging.deadLetter(message.receipt, in: queue, reason: "undecodable")
            Line.write("buried \(body)")
        } else {
            for result in try await messaging.finish([message.receipt], in: queue) {
                guard try result.get() == .finished else { throw StoreError(.statement, "\(body) was gone before its lease was over") }
            }
            Line.write("done \(body)")
        }
    }

    private func work(_ body: @escaping @Sendable (Messaging, Int) async throws -> Void) async {
        do {
            let messaging = try Messaging(Home(path: home))
            Line.write("open")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for lane in 0..<4 { group.addTask { try await body(messaging, lane) } }
                try await group.waitForAll()
            }
        } catch {
            Line.write("error \(error)")
        }
    }
}

/// Sends and consumes messages as it is told, under limits: `Processes mailbox HOME`.
struct Mailbox {
    let home: String

    func run() async {
        do {
            let messaging = try Messaging(Home(path: home))
            while let line = Line.read() {
                let command = Command(line)
                do { Line.write(try await answer(command, messaging)) } catch let error as StoreError {
                    Line.write("error \(error.code) \(error.message)")
                } catch {
                    Line.write("error other \(error)")
                }
            }
        } catch {
            Line.write("error \(error)")
        }
    }

    private func answer(_ command: Command, _ messaging: Messaging) async throws -> String {
        let queue = command.text("queue") ?? Messenger.standard
        switch command.verb {
        case "limit": return Notes.limit(command.integer("bytes"))
        case "send":
            let body = [UInt8](repeating: UInt8(ascii: "x"), count: command.integer("size") ?? 1)
            for result in try await messaging.send([Messaging.Outgoing(body)], to: queue) { _ = try result.get() }
            return "ok"
        case "consume":
            let received = try await messaging.receive(from: queue, maximum: command.integer("count") ?? 1, wait: .zero)
            let results = try await messaging.finish(received.map(\.receipt), in: queue)
            return "ok \(try results.filter { try $0.get() == .finished }.count)"
        default: return "error other there is no \(command.verb)"
        }
    }
}
