/// How long to wait before what has failed is tried again: twice as long each time, up to a limit.
package struct Backoff: Sendable {
    /// The wait after the first failure, in milliseconds.
    package var firstMilliseconds: Int64
    /// The longest wait, in milliseconds.
    package var maxMilliseconds: Int64

    package init(firstMilliseconds: Int64 = 1000, maxMilliseconds: Int64 = 5 * 60 * 1000) {
        self.firstMilliseconds = firstMilliseconds
        self.maxMilliseconds = maxMilliseconds
    }

    /// The wait after so many failures in a row, at least one.
    func delay(afterFailures failures: Int) -> Int64 {
        let doublings = min(failures - 1, 40)
        let (delay, isOver) = firstMilliseconds.multipliedReportingOverflow(by: 1 << Int64(doublings))
        return isOver ? maxMilliseconds : min(delay, maxMilliseconds)
    }
}
