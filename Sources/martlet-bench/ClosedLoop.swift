import NIOCore
import Synchronization

/// Workers that each repeat an operation, the next one as soon as the last one is answered, until a common end is reached.
///
/// After a failure a worker waits `pauseAfterFailure`, so that a server that is down is not flooded. The pause counts as elapsed time.
struct ClosedLoop: Sendable {
    enum Extent: Sendable {
        /// So many operations in all, failed ones included.
        case operations(Int)
        /// Operations begin until so much time has passed; those that are under way then are waited for, and count.
        case duration(TimeAmount)
    }

    static let pauseAfterFailure: Duration = .milliseconds(100)

    let workers: Int
    let extent: Extent

    /// Runs the loop. `operation` is given the worker's number and the operation's number of that worker, both from 0.
    func run(_ operation: @escaping @Sendable (_ worker: Int, _ number: Int) async throws(RequestFailure) -> Void) async -> Tally {
        let started = Started(extent: extent)
        return await withTaskGroup(of: Tally.self) { group in
            for worker in 0..<workers {
                group.addTask {
                    var tally = Tally()
                    var number = 0
                    while started.next() {
                        let start = NIODeadline.now()
                        do throws(RequestFailure) {
                            try await operation(worker, number)
                            tally.record(.now() - start)
                        } catch {
                            tally.record(error)
                            try? await Task.sleep(for: Self.pauseAfterFailure)
                        }
                        number += 1
                    }
                    return tally
                }
            }
            var total = Tally()
            for await tally in group {
                total.merge(tally)
            }
            return total
        }
    }

    /// Decides for all workers together whether one more operation begins.
    private final class Started: Sendable {
        private let limit: Int
        private let end: NIODeadline
        private let count = Atomic<Int>(0)

        init(extent: Extent) {
            switch extent {
            case .operations(let operations):
                limit = operations
                end = .distantFuture
            case .duration(let duration):
                limit = .max
                end = .now() + duration
            }
        }

        func next() -> Bool {
            count.wrappingAdd(1, ordering: .relaxed).newValue <= limit && .now() < end
        }
    }
}
