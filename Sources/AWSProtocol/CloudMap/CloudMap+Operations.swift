package import Foundation

/// What became of what was submitted.
extension CloudMap {
    package enum GetOperation: CloudMapOperation {
        package static let name = "GetOperation"
        package static let faults: [AWSFault.Code] = [.invalidInput, .operationNotFound]

        package struct Input: Codable, Hashable, Sendable {
            package var operationID: String
            package var ownerAccount: String?

            package init(operationID: String, ownerAccount: String? = nil) {
                self.operationID = operationID
                self.ownerAccount = ownerAccount
            }
        }

        package struct Output: Codable, Hashable, Sendable {
            package var operation: Operation?

            package init(operation: Operation? = nil) {
                self.operation = operation
            }
        }
    }

    package enum ListOperations: CloudMapOperation {
        package static let name = "ListOperations"
        package static let faults: [AWSFault.Code] = [.invalidInput]

        package struct Input: Codable, Hashable, Sendable {
            package var nextToken: String?
            package var maxResults: Int?
            package var filters: [Filter]?

            package init(nextToken: String? = nil, maxResults: Int? = nil, filters: [Filter]? = nil) {
                self.nextToken = nextToken
                self.maxResults = maxResults
                self.filters = filters
            }
        }

        package struct Output: Codable, Hashable, Sendable {
            package var operations: [OperationSummary]?
            package var nextToken: String?

            package init(operations: [OperationSummary]? = nil, nextToken: String? = nil) {
                self.operations = operations
                self.nextToken = nextToken
            }
        }
    }

    package struct Operation: Codable, Hashable, Sendable {
        package var id: String?
        package var ownerAccount: String?
        package var type: OperationType?
        package var status: OperationStatus?
        package var errorMessage: String?
        package var errorCode: String?
        package var createDate: Date?
        package var updateDate: Date?
        /// `NAMESPACE`, `SERVICE` or `INSTANCE` to an id.
        package var targets: [String: String]?

        package init(
            id: String? = nil, ownerAccount: String? = nil, type: OperationType? = nil, status: OperationStatus? = nil,
            errorMessage: String? = nil, errorCode: String? = nil, createDate: Date? = nil, updateDate: Date? = nil,
            targets: [String: String]? = nil
        ) {
            self.id = id
            self.ownerAccount = ownerAccount
            self.type = type
            self.status = status
            self.errorMessage = errorMessage
            self.errorCode = errorCode
            self.createDate = createDate
            self.updateDate = updateDate
            self.targets = targets
        }
    }

    package struct OperationSummary: Codable, Hashable, Sendable {
        package var id: String?
        package var status: OperationStatus?

        package init(id: String? = nil, status: OperationStatus? = nil) {
            self.id = id
            self.status = status
        }
    }

    package struct Filter: Codable, Hashable, Sendable {
        package var name: String
        package var values: [String]
        package var condition: FilterCondition?

        package init(name: String, values: [String], condition: FilterCondition? = nil) {
            self.name = name
            self.values = values
            self.condition = condition
        }
    }

    /// The answer of whatever is done later.
    package struct Submitted: Codable, Hashable, Sendable {
        package var operationID: String?

        package init(operationID: String? = nil) {
            self.operationID = operationID
        }
    }
}
