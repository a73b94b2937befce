internal import Foundation
internal import NIOCore

/// A listening socket, and how it is closed without losing a connection.
///
/// Closing one resets what the system has connected and nobody accepted: to its peer a connection that was made, and took a request, is
/// lost. So no handshake may begin first, then what is connected is accepted, then the socket is closed.
///
/// On Linux that leaves these: a handshake that began before and whose last packet takes longer than ``patience``, as after a packet loss
/// or while more wait to be accepted than ``backlog``; its peer may believe itself connected, and is reset. Elsewhere there is also the
/// moment between looking and closing. A peer whose handshake may not begin hears nothing, tries again after a second, and is refused.
struct Listener: Sendable {
    /// Connections that the system holds ready.
    static let backlog: Int32 = 256
    /// For handshakes that have begun: some round trips of a near network.
    private static let patience = TimeAmount.milliseconds(50)

    let channel: any Channel

    /// - Parameter socket: The channel's own, open still.
    init(_ channel: any Channel, socket: NIOBSDSocket.Handle) {
        self.channel = channel
        // NIO asks for less, and takes no option for a socket that was bound before.
        listen(socket, Self.backlog)
    }

    /// - Parameter isSettled: Whether each connection that was accepted can do without the listener: NIO closes those it is still setting up.
    func closeWhenEmpty(isSettled: @escaping @Sendable () -> Bool) {
        channel.eventLoop.execute {
            guard channel.isActive else { return }
            refuseHandshakes()
            look(in: Self.patience, isSettled)
        }
    }

    private func look(in delay: TimeAmount, _ isSettled: @escaping @Sendable () -> Bool) {
        channel.eventLoop.scheduleTask(in: delay) {
            guard channel.isActive else { return }
            if isEmpty, isSettled() {
                channel.close(promise: nil)
            } else {
                look(in: .milliseconds(1), isSettled)
            }
        }
    }

    private var isEmpty: Bool {
        let isEmpty = withSocket { socket in
            var entry = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
            return poll(&entry, 1, 0) == 0
        }
        return isEmpty ?? true
    }

    /// On the channel's event loop only.
    private func withSocket<Result>(_ body: (NIOBSDSocket.Handle) -> Result) -> Result? {
        try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self, body)
    }

    /// Makes the system drop packets that would begin a connection, and only those. Shrinking the backlog instead would drop the packets
    /// that complete one, too, after which its peer believes it made.
    private func refuseHandshakes() {
        #if os(Linux)
            /// `struct sock_filter` and `struct sock_fprog`; see `man 7 socket`, SO_ATTACH_FILTER.
            struct Instruction { var code: UInt16, ifTrue: UInt8, ifFalse: UInt8, operand: UInt32 }
            struct Program { var count: UInt16, instructions: UnsafeMutablePointer<Instruction>? }
            let flags: UInt32 = 13
            let (syn, ack): (UInt32, UInt32) = (0x02, 0x10)
            var instructions = [
                // The filter sees a packet from its TCP header on: load the flags, keep two of them, let all pass but SYN without ACK.
                Instruction(code: 0x30, ifTrue: 0, ifFalse: 0, operand: flags),
                Instruction(code: 0x54, ifTrue: 0, ifFalse: 0, operand: syn | ack),
                Instruction(code: 0x15, ifTrue: 0, ifFalse: 1, operand: syn),
                Instruction(code: 0x06, ifTrue: 0, ifFalse: 0, operand: 0),
                Instruction(code: 0x06, ifTrue: 0, ifFalse: 0, operand: .max),
            ]
            instructions.withUnsafeMutableBufferPointer { buffer in
                var program = Program(count: UInt16(buffer.count), instructions: buffer.baseAddress)
                // Where a sandbox forbids it, connections go on being taken until none waits.
                _ = withSocket { setsockopt($0, SOL_SOCKET, SO_ATTACH_FILTER, &program, socklen_t(MemoryLayout<Program>.size)) }
            }
        #endif
    }
}
