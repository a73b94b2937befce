internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// Runs a task's steps on the thread of an event loop.
///
/// A task that talks to a connection wakes that connection's thread at each step when it runs elsewhere. Here only its beginning and its
/// end cross threads. That pays while there is one such task; many keep the threads awake, and share the cores better where they are.
final class EventLoopExecutor: TaskExecutor {
    private static let shared = EventLoopExecutor(MultiThreadedEventLoopGroup.singleton.next())

    private let loop: any EventLoop
    private let tasks = Atomic<Int>(0)

    private init(_ loop: any EventLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }

    /// Calls `body` with an executor when this is the only such call now, and without one otherwise.
    static func withExecutorIfAlone<Value>(_ body: (EventLoopExecutor?) async throws -> Value) async rethrows -> Value {
        let isAlone = shared.tasks.wrappingAdd(1, ordering: .relaxed).oldValue == 0
        defer { shared.tasks.wrappingSubtract(1, ordering: .relaxed) }
        return try await body(isAlone ? shared : nil)
    }
}
